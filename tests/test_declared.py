"""A target in TOML: each mistake is one line, with file and key."""

from pathlib import Path

import pytest

from harness.targets.loading import load_target
from harness.targets.target import TargetError
from tests.targets import in_toml

EMAIL = 'fill = { label = "Email" }\nwith = "person.email"'
CASES = [
    ('name = "shop"', 'nam = "shop"', "unknown key 'nam'. Did you mean 'name'?"),
    ('name = "shop"', "", "name: must be there, and be text"),
    ("clock =", "clock = 3 #", "clock: must be a list of texts"),
    ('password = "env:SHOP_PASSWORD"', 'password = "hunter2"', "person.password: must come from"),
    ("email =", 'one_time_code = "1"\nemail =', "person.one_time_code: must be as { totp ="),
    ("email =", 'one_time_code = { totp = "JBSWY3DP" }\nemail =', "person.totp: must come from"),
    (
        "email =", 'one_time_code = { totp = "env:A", digits = 8 }\nemail =',
        "person.one_time_code: unknown key 'digits'. Known: totp.",
    ),
    ("email =", "mail =", "person: unknown key 'mail'. Did you mean 'email'?"),
    ("inactivity_timeout = 1800", "inactivity = 1", "policies.default: unknown key 'inactivity'."),
    ('persistence = "non_persistent"', "", "policies.default.persistence: must be there"),
    ('"non_persistent"', '"sometimes"', 'policies.default.persistence: must be "persistent" or'),
    (EMAIL, 'fill = { label = "Email" }', "sign_in, step 1: fill takes either with, one of"),
    (EMAIL, f'{EMAIL}\ntext = "x"', "sign_in, step 1: fill takes either with, one of"),
    (EMAIL, f'{EMAIL}\nclick = {{ label = "x" }}', "sign_in, step 1: must have one of goto,"),
    (EMAIL, f"{EMAIL}\nonly = ['other']", "sign_in, step 1, only: there is no policy 'other'"),
    (EMAIL, f"{EMAIL}\nonly_for = 1", "sign_in, step 1: unknown key 'only_for'. Did you mean"),
    ('"person.email"', '"hunter2"', "sign_in, step 1, with: must be one of person.email,"),
    ('label = "Email"', 'label = "Email", selector = "a"', "sign_in, step 1, fill: must have one"),
    ('label = "Email"', 'lable = "Email"', "sign_in, step 1, fill: must have one of label,"),
    ('role = "button", name = "Sign in"', 'role = "a", nam = "b"', "sign_in, step 4, click: unkn"),
    ('text = "Welcome back"', "", "signed_in.app: must have one of text, address, selector,"),
    ('text = "Welcome back"', 'text = "a"\nstatus = 200', "signed_in.app: must have one of text,"),
    ('text = "Welcome back"', 'tekst = "a"', "signed_in.app: unknown key 'tekst'. Did you mean"),
    ('text = "Welcome back"', "status = true", "signed_in.app.status: must be a number as 200"),
    ('text = "Welcome back"', 'text = "a"\nwithin = 0', "signed_in.app.within: must be a number"),
    ('field = "user"', 'fild = "user"', "signed_in.api.json: must be as"),
    ("[[sign_out]]", "[sign_out]", "Cannot declare"),
]


@pytest.mark.parametrize(("old", "new", "told"), CASES, ids=[case[2][:40] for case in CASES])
def test_mistakes(old: str, new: str, told: str, tmp_path: Path) -> None:
    file = in_toml(tmp_path, change=(old, new))
    with pytest.raises(TargetError) as caught:
        load_target(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: {told}") or (
        told == "Cannot declare" and message.startswith(f"{file}: ")
    )
    assert "\n" not in message
    assert "hunter2" not in message
    assert "JBSWY3DP" not in message
