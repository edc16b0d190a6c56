"""The scenarios that Afterclose carries."""
