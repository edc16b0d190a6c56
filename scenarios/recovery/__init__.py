"""What comes back after ends that are rarer: twice in a row, in the background, by a restart."""
