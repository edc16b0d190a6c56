"""Bugs of session policies, built into the server and the demo applications one at a time."""
