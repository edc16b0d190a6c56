import pytest

from harness.windows import Windows


def started() -> Windows[str]:
    windows = Windows[str]()
    windows.start("a")
    return windows


def test_the_last_window_that_was_opened_is_the_one_in_use() -> None:
    windows = started()
    windows.open_tab("b")
    windows.open_window("c")
    assert (windows.current, windows.counts, windows.tabs) == ("c", [2, 1], ["a", "b", "c"])
    assert windows.close_window(1) == ["a", "b"]
    assert windows.current == "c"
    windows.open_tab("d")
    assert windows.close_tab(1) == ["c"]
    assert windows.current == "d"
    assert windows.close_tab() == ["d"]
    assert not windows


def test_what_is_in_use_after_the_one_in_use_was_closed() -> None:
    windows = started()
    windows.open_tab("b")
    windows.open_window("c")
    windows.close_window()
    assert windows.current == "b"
    windows.close_tab()
    assert windows.current == "a"


def test_a_tab_in_front_takes_the_place_of_the_one_in_use() -> None:
    windows = started()
    windows.open_tab("b")
    windows.use("z")
    assert (windows.tabs, windows.current) == (["a", "z"], "z")


def test_without_a_window_no_tab_is_in_use() -> None:
    windows = started()
    windows.gone()
    assert (windows.tabs, windows.counts, bool(windows)) == ([], [], False)
    with pytest.raises(LookupError):
        _ = windows.current
