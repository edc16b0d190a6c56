"""What the vendors' own tests of session restore assert."""
