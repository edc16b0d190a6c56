"""What time alone does: the longest that a cookie lives, a clock that is wrong."""
