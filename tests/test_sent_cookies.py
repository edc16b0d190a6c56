"""The `Cookie` header, as a server reads it."""

import pytest
from multidict import CIMultiDict

from harness.sent_cookies import SentCookies, shorten


def read(*headers: str) -> SentCookies:
    return SentCookies.read(CIMultiDict([("Host", "localhost"), *(("cookie", h) for h in headers)]))


@pytest.mark.parametrize(
    ("headers", "pairs"),
    [
        ([], []),
        ([""], []),
        (["b=2; a=1"], [("b", "2"), ("a", "1")]),
        (["a=1; b=2; a=3"], [("a", "1"), ("b", "2"), ("a", "3")]),
        (["a=1", "a=2"], [("a", "1"), ("a", "2")]),
        (["a=1;b = 2 ;;  ; c="], [("a", "1"), ("b", "2"), ("c", "")]),
        (["token=a=b==; alone"], [("token", "a=b=="), ("", "alone")]),
        (['a="1 2"; path=/; a b=3'], [("a", '"1 2"'), ("path", "/"), ("a b", "3")]),
        (["a\udcff=\udcfe1"], [("a�", "�1")]),
    ],
)
def test_each_cookie_is_read_in_order(headers: list[str], pairs: list[tuple[str, str]]) -> None:
    cookies = read(*headers)
    assert list(cookies.pairs) == pairs
    assert list(cookies.names) == [name for name, _ in pairs]


def test_the_first_of_a_name_counts() -> None:
    cookies = read("a=; b=2; a=3")
    assert (cookies.first("a"), cookies.first("b"), cookies.first("c")) == ("", "2", None)


def test_two_of_one_name_can_be_told_apart_and_their_values_are_not_shown() -> None:
    cookies = read("a=first-secret; b=another-secret; a=2")
    assert cookies.duplicates == ("a=first-…", "a=2")
    assert read("a=1; b=2").duplicates == ()


@pytest.mark.parametrize(("value", "shown"), [("123456", "123456"), ("1234567", "123456…")])
def test_a_value_is_cut_to_six_characters(value: str, shown: str) -> None:
    assert shorten("a", value) == f"a={shown}"
