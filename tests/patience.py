"""How long tests wait for what may never come."""

PATIENCE = 900.0
"""Seconds until a process that a test started is taken to hang. No test is about how fast something
is, and a busy machine is ten times slower than a quiet one."""
