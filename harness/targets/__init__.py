"""Targets: a login of one's own, described, so that the same scenarios are carried out there."""
