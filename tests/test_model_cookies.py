"""The cookie store, by the sections of RFC 6265bis."""

from typing import Any

import pytest

from harness.model.cookies import LIFETIME_CAP, Cookie, CookieStore, Request, site_of

NOW = 1_800_000_000.0
APP = "http://one.app.localhost:8000/"
IDP = "http://one.idp.localhost:8000/oauth2/auth"


def taken(header: str, url: str = APP, **request: Any) -> list[Cookie]:
    store = CookieStore()
    store.take(Request(url=url, **request), header, NOW)
    return list(store)


def sent(header: str, to: str, *, set_by: str = APP, **request: Any) -> str:
    store = CookieStore()
    store.take(Request(url=set_by), header, NOW)
    return store.header(Request(url=to, **request), NOW)


@pytest.mark.parametrize(
    ("attributes", "expiry"),
    [
        ("", None),
        ("; Max-Age=60", NOW + 60),
        ("; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", NOW + 60),
        (f"; Max-Age={2 * LIFETIME_CAP}", NOW + LIFETIME_CAP),
        ("; Expires=Fri, 31 Dec 9999 23:59:59 GMT", NOW + LIFETIME_CAP),
        ("; Expires=Sat, 15 Jan 2028 08:00:00 GMT", 1_831_536_000.0),
        ("; Expires=whenever", None),
        ("; Max-Age=soon", None),
    ],
)
def test_lifetimes_and_the_cap(attributes: str, expiry: float | None) -> None:
    (cookie,) = taken(f"a=1{attributes}")
    assert cookie.expiry == expiry


@pytest.mark.parametrize("attributes", ["Max-Age=0", "Max-Age=-1",
                                        "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_lifetime_that_is_over_deletes(attributes: str) -> None:
    store = CookieStore()
    store.take(Request(url=APP), "a=1", NOW)
    store.take(Request(url=APP), f"a=; {attributes}", NOW)
    assert list(store) == []


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("a=1; Domain=app.localhost", True),
        ("a=1; Domain=.App.Localhost", True),
        ("a=1; Domain=other.localhost", False),
        ("a=1; Domain=localhost", False),
        ("a=1; Secure", True),
        ("a=1; SameSite=None", False),
        ("a=1; SameSite=None; Secure", True),
        ("a=1; Partitioned", False),
        ("a=1; Partitioned; Secure", True),
        ("__Secure-a=1", False),
        ("__Secure-a=1; Secure", True),
        ("__Host-a=1; Secure; Path=/", True),
        ("__Host-a=1; Secure; Path=/x", False),
        ("__Host-a=1; Secure; Path=/; Domain=one.app.localhost", False),
        ("__secure-a=1", False),
        ("=__Host-a", False),
        ("=", False),
        ("a=" + "x" * 4096, False),
    ],
)
def test_what_may_be_set(header: str, accepted: bool) -> None:
    assert bool(taken(header)) is accepted


def test_secure_wants_https_or_localhost() -> None:
    assert not taken("a=1; Secure", url="http://shop.example/")
    assert taken("a=1; Secure", url="https://shop.example/")
    store = CookieStore(taken("a=1; Secure; Domain=shop.example", url="https://shop.example/"))
    assert store.header(Request(url="http://shop.example/"), NOW) == ""


@pytest.mark.parametrize(
    ("header", "to", "goes"),
    [
        ("a=1", "http://one.app.localhost:9000/", True),
        ("a=1", "http://two.app.localhost:8000/", False),
        ("a=1", "http://sub.one.app.localhost:8000/", False),
        ("a=1; Domain=app.localhost", "http://two.app.localhost:8000/", True),
        ("a=1; Domain=app.localhost", IDP, False),
        ("a=1; Path=/x", "http://one.app.localhost:8000/x/y", True),
        ("a=1; Path=/x", "http://one.app.localhost:8000/xy", False),
        ("a=1; Path=/x/", "http://one.app.localhost:8000/x", False),
    ],
)
def test_where_it_goes(header: str, to: str, goes: bool) -> None:
    assert (sent(header, to) == "a=1") is goes


@pytest.mark.parametrize(
    ("same_site", "request_", "goes"),
    [
        ("Strict", {}, True),
        ("Strict", {"initiator": site_of(IDP)}, False),
        ("Lax", {"initiator": site_of(IDP)}, True),
        ("Lax", {"initiator": site_of(IDP), "method": "POST"}, False),
        ("Lax", {"initiator": site_of(IDP), "site_for_cookies": site_of(IDP),
                 "top_level": False}, False),
        ("None; Secure", {"initiator": site_of(IDP), "site_for_cookies": site_of(IDP),
                          "top_level": False}, True),
        ("Lax", {"initiator": site_of(APP), "site_for_cookies": site_of(APP),
                 "top_level": False}, True),
        ("", {"initiator": site_of(IDP), "method": "POST"}, False),
    ],
)
def test_same_site(same_site: str, request_: dict[str, Any], goes: bool) -> None:
    header = f"a=1; SameSite={same_site}" if same_site else "a=1"
    assert (sent(header, APP, **request_) == "a=1") is goes


def test_a_frame_of_another_site_sets_only_none() -> None:
    frame: dict[str, Any] = {
        "site_for_cookies": site_of(IDP), "initiator": site_of(IDP), "top_level": False,
    }  # fmt: skip
    assert not taken("a=1; SameSite=Lax", **frame)
    assert taken("a=1; SameSite=None; Secure", **frame)


def test_a_partition_is_the_top_level_site() -> None:
    header = "a=1; SameSite=None; Secure; Partitioned"
    (cookie,) = taken(header)
    assert cookie.partition == "http://app.localhost"
    elsewhere: dict[str, Any] = {
        "site_for_cookies": site_of(IDP), "initiator": site_of(IDP), "top_level": False,
    }  # fmt: skip
    assert sent(header, APP, **elsewhere) == ""
    assert sent(header, APP) == "a=1"


def test_the_default_path_is_the_folder_of_the_request() -> None:
    assert [c.path for c in taken("a=1", url=f"{APP}x/y")] == ["/x"]
    assert [c.path for c in taken("a=1; Path=nowhere", url=APP)] == ["/"]


def test_longer_paths_and_older_cookies_come_first() -> None:
    store = CookieStore()
    for number, header in enumerate(["a=1", "b=2", "c=3; Path=/x"]):
        store.take(Request(url=APP), header, NOW + number)
    assert store.header(Request(url=f"{APP}x"), NOW + 9) == "c=3; a=1; b=2"


def test_two_of_one_name_are_both_sent_in_the_order_in_which_they_were_made() -> None:
    store = CookieStore()
    for value, attributes in (("old", ""), ("new", "; Domain=one.app.localhost"), ("x", "")):
        name = "b" if value == "x" else "a"
        store.take(Request(url=APP), f"{name}={value}{attributes}", NOW)
    assert store.header(Request(url=APP), NOW) == "a=old; a=new; b=x"
    assert [cookie.value for cookie in store.rivals] == ["old", "new"]
    assert CookieStore(taken("a=1")).rivals == ()


def test_a_newer_cookie_keeps_the_place_of_the_older() -> None:
    store = CookieStore()
    store.take(Request(url=APP), "a=1", NOW)
    store.take(Request(url=APP), "a=2; Max-Age=10", NOW + 5)
    (cookie,) = store
    assert (cookie.value, cookie.created, cookie.expiry) == ("2", NOW, NOW + 15)
    assert store.operations == 2


def test_what_has_expired_is_not_sent() -> None:
    store = CookieStore(taken("a=1; Max-Age=10"))
    assert store.header(Request(url=APP), NOW + 9) == "a=1"
    assert store.header(Request(url=APP), NOW + 10) == ""
    assert not list(store)
