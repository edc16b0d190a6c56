"""What applications hear of the session at the auth server, and what they make of it."""
