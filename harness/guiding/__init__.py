"""A person drives, in any browser at all; the server watches."""
