"""What people ask: what is left after closing, a crash, a restore, an absence, a sign-out."""
