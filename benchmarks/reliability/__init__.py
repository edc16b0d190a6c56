"""Whether results can be relied on, whatever happens to a run: see `__main__`."""
