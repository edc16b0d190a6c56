"""What runs scenarios: pytest's plugin and its items, what a run shares, and what it leaves."""
