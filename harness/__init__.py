"""Afterclose: what is left of a login after the tab, the window or the browser is closed."""
