"""The scenarios that Afterclose carries, in packs: a folder for each kind of question."""
