"""DokuWiki as Debian has it, served by PHP from where the package has put it, with a configuration,
a person and data of its own in a temporary folder.

    apt install --no-install-recommends dokuwiki php-cli php-xml libfaketime

Everything about sessions is as it is by default. The password is that of `DOKUWIKI_PASSWORD`; the
clock is what libfaketime reads from a file, which `clock.py` writes.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from clock import clock_of, library, move, under

SOFTWARE, DEFAULTS = Path("/usr/share/dokuwiki"), Path("/etc/dokuwiki")
LOCAL = """<?php
$conf['title'] = 'Wiki';
$conf['useacl'] = 1;
$conf['savedir'] = '{data}';
"""
DATA = (
    "attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta", "meta",
    "pages", "tmp",
)  # fmt: skip


def furnished(folder: Path) -> list[str]:
    """What PHP is to be told, for a wiki in a folder."""
    conf, data, sessions = folder / "conf", folder / "data", folder / "sessions"
    conf.mkdir()
    for file in DEFAULTS.iterdir():
        if file.suffix in (".conf", ".php") and not file.is_symlink():
            shutil.copyfile(file, conf / file.name)
    for name in DATA:
        (data / name).mkdir(parents=True)
    sessions.mkdir()
    (conf / "local.php").write_text(LOCAL.format(data=data))
    password = subprocess.run(
        ["php", "-r", "echo password_hash(getenv('DOKUWIKI_PASSWORD'), PASSWORD_BCRYPT);"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    (conf / "users.auth.php").write_text(f"ada:{password}:Ada:ada@example.com:user\n")
    (conf / "acl.auth.php").write_text("* @ALL 1\n")
    before = folder / "before.php"
    before.write_text(
        f"<?php define('DOKU_MAIN_CONF', '{conf}/'); define('DOKU_CONF', '{conf}/');\n"
    )
    return ["-d", f"auto_prepend_file={before}", "-d", f"session.save_path={sessions}"]


def main(port: str) -> None:
    """Serve it until SIGTERM."""
    if not SOFTWARE.exists() or shutil.which("php") is None or library() is None:
        sys.exit(
            "not installed: apt install --no-install-recommends dokuwiki php-cli php-xml "
            "libfaketime"
        )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    clock = clock_of(port)
    clock.unlink(missing_ok=True)
    move(clock, 0)
    with tempfile.TemporaryDirectory(prefix="dokuwiki-") as folder:
        try:
            subprocess.run(
                ["php", *furnished(Path(folder)), "-S", f"127.0.0.1:{port}", "-t", SOFTWARE],
                env={**os.environ, **under(clock)},
                check=False,
            )
        finally:
            clock.unlink(missing_ok=True)


if __name__ == "__main__":
    main(sys.argv[1])
