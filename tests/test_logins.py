"""The logins that an application keeps."""

import asyncio
from pathlib import Path

from harness.apps.kind import Record
from harness.apps.logins import Logins
from harness.apps.logout_token import LoggedOut
from harness.state import FileState, State


def login(key: str, sid: str, sub: str = "kp_1", expires: float = 100) -> Record:
    return Record(id=key, expires=expires, persistent_claim=None, sub=sub, sid=sid)


def concerned(logins: Logins, *, sub: str | None = None, sid: str | None = None) -> set[str]:
    return {found.id for found in logins.concerned(LoggedOut(sub=sub, sid=sid))}


def kept(state: State) -> Logins:
    return Logins(state, "persistent", now=lambda: 0)


def test_a_logout_token_is_about_a_session_or_a_person() -> None:
    logins = kept(State())
    for one in (login("a", "s1"), login("b", "s1"), login("c", "s2"), login("d", "s3", "kp_2")):
        logins.add(one)
    assert concerned(logins, sid="s1") == {"a", "b"}
    assert concerned(logins, sid="s1", sub="kp_1") == {"a", "b"}
    assert concerned(logins, sid="s1", sub="kp_2") == set()
    assert concerned(logins, sub="kp_1") == {"a", "b", "c"}
    assert concerned(logins, sid="s4") == set()
    for told in logins.concerned(LoggedOut(sub=None, sid="s1")):
        told.logged_out = True
    assert concerned(logins, sub="kp_1") == {"c"}


def test_what_is_read_back_is_found_by_its_session(tmp_path: Path) -> None:
    async def go() -> None:
        state = FileState(tmp_path / "state")
        kept(state).add(login("a", "s1"))
        await state.close()
        state = FileState(tmp_path / "state")
        assert concerned(kept(state), sid="s1") == {"a"}
        await state.close()

    asyncio.run(go())


def test_what_was_forgotten_meanwhile_stays_so() -> None:
    logins = kept(State())
    logins.add(one := login("a", "s1"))
    logins.clear()
    logins.save(one)
    assert logins.get("a") is None
    assert concerned(logins, sid="s1") == set()


def test_what_is_dropped_is_found_no_more() -> None:
    logins = kept(State())
    for number in range(10_003):
        logins.add(login(str(number), f"s{number // 2}", expires=-1))
    assert logins.get("0") is None
    assert concerned(logins, sid="s0") == set()
    assert concerned(logins, sid="s5000") == {"10000", "10001"}
