"""What the documentation has of the code and of measured results: `python -m documentation`."""
