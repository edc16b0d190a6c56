import pytest

from harness.reports.versions import version_range


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (">=128, <160", ["128", "128.0", "159.9.1", "153.7.0esr"], ["127.9", "160", "160.0.1"]),
        ("<=160", ["160", "160.5.1", "1"], ["161", "161.0"]),
        (">160", ["161", "161.0"], ["160.9", "160"]),
        ("==156", ["156", "156.0.8078.108"], ["155.9", "157", "1560"]),
        (">=156.0.8078", ["156.0.8078", "156.1", "157"], ["156", "156.0.8077.9"]),
        (" >=9 ", ["10", "9"], ["8", "", "unknown"]),
        (">=1, >=3, <9, <5", ["3", "4.9"], ["2", "5", "8"]),
    ],
)
def test_a_bound_speaks_of_as_many_numbers_as_it_has(
    text: str, inside: list[str], outside: list[str]
) -> None:
    versions = version_range(text)
    assert [version for version in inside if not versions.has(version)] == []
    assert [version for version in outside if versions.has(version)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("128", "must be bounds like"),
        ("", "must be bounds like"),
        (">=128,", "must be bounds like"),
        ("~=128", "must be bounds like"),
        (">=1.x", "must be bounds like"),
        (">=160, <128", "no version is in"),
        (">=128, <128.0", "no version is in"),
        ("==1, ==2", "no version is in"),
    ],
)
def test_what_is_no_range_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        version_range(text)
