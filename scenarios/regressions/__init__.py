"""Bugs of real products that a session policy met."""
