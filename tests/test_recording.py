"""Headers, told as the model of a browser takes them."""

import asyncio
import gc
from typing import Any

from harness.model.cookies import CookieStore, Request
from harness.targets.recording import Recorder, as_max_age, header_of

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


def test_a_date_is_told_as_a_lifetime_by_the_servers_own_clock() -> None:
    header = "a=1; Path=/; Expires=Wed, 21 Oct 2026 08:28:00 GMT; HttpOnly"
    assert as_max_age(header, DATE) == "a=1; Path=/; Max-Age=3600; HttpOnly"
    assert as_max_age(header.replace("08:28", "06:28"), DATE).count("Max-Age=0") == 1


def test_what_says_no_date_stays() -> None:
    for header in ("a=1", "a=1; Max-Age=5; Expires=Wed, 21 Oct 2026 08:28:00 GMT", "a; Expires=x"):
        assert as_max_age(header, DATE) == header


def test_a_cookie_of_a_script_is_told_as_a_header_that_sets_the_same() -> None:
    cookie = {
        "name": "a", "value": "1", "domain": "localhost", "path": "/app", "expires": -1,
        "httpOnly": False, "secure": False, "sameSite": "Strict",
    }  # fmt: skip
    url, header = header_of(cookie)
    store = CookieStore()
    kept = store.take(Request(url=url), header, 0)
    assert kept is not None
    assert (kept.domain, kept.host_only, kept.path) == ("localhost", True, "/app")
    assert kept.expiry is None
    assert kept.same_site == "strict"
    url, header = header_of(cookie, deleted=True)
    store.take(Request(url=url), header, 0)
    assert list(store) == []
    wide = {**cookie, "domain": ".shop.test", "secure": True, "sameSite": "None"}
    kept = store.take(Request(url=header_of(wide)[0]), header_of(wide)[1], 0)
    assert kept is not None
    assert (kept.domain, kept.host_only, kept.same_site) == ("shop.test", False, "none")


def test_what_was_still_to_come_when_the_browser_ended_is_nothing_to_complain_of() -> None:
    class Gone:
        url = "http://localhost/"

        async def response(self) -> None:
            raise RuntimeError("the browser has been closed")

        headers_array = response

    told: list[dict[str, Any]] = []

    async def listens() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, said: told.append(said))
        recorder, gone = Recorder(), Gone()
        recorder._went(gone)  # type: ignore[arg-type]
        recorder._came(gone)  # type: ignore[arg-type]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del recorder
        gc.collect()

    asyncio.run(listens())
    assert told == []
