"""Figures, taken as ratios in one run."""
