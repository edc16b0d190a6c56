"""One-time codes, against the values of RFC 6238, appendix B (SHA-1, eight digits)."""

import base64

import pytest

from harness.targets.one_time import OneTimeCodes, code_at, key_of

KEY = b"12345678901234567890"


@pytest.mark.parametrize(
    ("time", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_values_of_the_standard(time: int, code: str) -> None:
    assert code_at(KEY, time, digits=8) == code
    assert code_at(KEY, time) == code[-6:]
    assert code_at(KEY, time + 0.9) == code[-6:]


@pytest.mark.parametrize(
    "secret",
    ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq"],
)
def test_a_secret_as_it_is_shown(secret: str) -> None:
    assert key_of(secret) == KEY
    assert key_of(base64.b32encode(b"12345").decode()) == b"12345"
    assert key_of(base64.b32encode(b"1234").decode()) == b"1234"
    assert key_of("GEZDGNA") == b"1234"


@pytest.mark.parametrize("secret", ["", "GEZ1", "no secret!"])
def test_what_is_none(secret: str) -> None:
    with pytest.raises(ValueError, match=r"^is "):
        key_of(secret)


def test_each_is_given_once() -> None:
    codes, secret = OneTimeCodes(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert codes.until_another(59) == 0
    assert codes.code(secret, 59) == "287082"
    assert codes.until_another(59.5) == 0.5
    assert codes.until_another(60) == 0
