"""What several tabs of one browser show, taken together."""

from harness.engines.tabs import in_any_tab
from harness.received import Part, Received, Seen


def shown(part: Part, signed_in: bool) -> Received:
    return Received(part=part, signed_in=signed_in, reason=None if signed_in else "no_token")


def seen(cookie: bool, token: bool) -> Seen:
    return {
        "persistent": {
            "sso": shown("cookies", cookie),
            "app:session_storage": shown("tab", token),
        }
    }


def test_one_tab_is_taken_as_it_is() -> None:
    alone = seen(True, False)
    assert in_any_tab(alone, []) is alone


def test_signed_in_where_any_tab_is() -> None:
    together = in_any_tab(seen(False, False), [("http://a/", seen(True, True))])["persistent"]
    token = together["app:session_storage"]
    assert (token.signed_in, token.reason) == (True, None)
    assert token.tabs == (
        "in the tab in use: signed out (no_token)",
        "in a tab that came back, at http://a/: signed in",
    )


def test_what_does_not_belong_to_a_tab_is_the_first_ones() -> None:
    together = in_any_tab(seen(False, True), [("http://a/", seen(True, False))])["persistent"]
    assert not together["sso"].signed_in
    assert together["sso"].tabs == ()
    assert together["app:session_storage"].signed_in


def test_signed_out_where_none_is() -> None:
    others = [("http://a/", seen(True, False)), ("http://b/", seen(True, False))]
    token = in_any_tab(seen(True, False), others)["persistent"]["app:session_storage"]
    assert (token.signed_in, token.reason, len(token.tabs)) == (False, "no_token", 3)


def test_as_whoever_is_signed_in_in_any_of_them() -> None:
    def of(*who: str) -> Seen:
        received = Received(part="tab", signed_in=bool(who), who=who, reason=None)
        return {"persistent": {"app:session_storage": received}}

    together = in_any_tab(of("bob"), [("http://a/", of("ada")), ("http://b/", of())])
    token = together["persistent"]["app:session_storage"]
    assert token.who == ("ada", "bob")
    assert token.tabs[:2] == (
        "in the tab in use: signed in as bob",
        "in a tab that came back, at http://a/: signed in as ada",
    )
