"""Afterclose: what is left of a login after the tab, the window or the browser is closed."""

from harness.scenario import Browser, Moment, scenario

__all__ = ["Browser", "Moment", "scenario"]
