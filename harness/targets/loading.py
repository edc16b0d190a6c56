"""Reading a target from a file: a Python module that has one, or TOML that describes one."""

import importlib.util
import sys
import traceback
from pathlib import Path

from harness.targets.declared import declared_target
from harness.targets.signing import check_client
from harness.targets.target import Target, TargetError

__all__ = ["line_of", "load_target"]


def load_target(path: Path) -> Target:
    """The target of a file. Raises TargetError with file, place, and what is accepted."""
    if not path.is_file():
        raise TargetError(f"{path}: there is no such file; make one with: afterclose target init")
    if path.suffix not in (".py", ".toml"):
        raise TargetError(f"{path}: a target is a Python module (.py) or TOML (.toml)")
    target = declared_target(path) if path.suffix == ".toml" else _imported(path)
    try:
        target.check_whole()
        if target.client is not None:
            check_client(target, target.client)
    except TargetError as error:
        raise TargetError(f"{path}: {error}") from None
    return target


def _imported(path: Path) -> Target:
    name = f"afterclose_target_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        where = line_of(error, path) or str(path)
        raise TargetError(f"{where}: {_said(error)}") from None
    finally:
        sys.path.remove(folder)
    target = getattr(module, "target", None)
    if not isinstance(target, Target):
        raise TargetError(f"{path}: has no target; name it so: target = Target(…)")
    return target


def line_of(error: BaseException, path: Path | None) -> str | None:
    """File and line, in a user's own file, where something went wrong."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    if path is None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    return f"{path}:{own[-1].lineno}" if own else None


def _said(error: BaseException) -> str:
    if isinstance(error, TargetError):
        return str(error)
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0]}" if str(error) else type(
        error
    ).__name__
