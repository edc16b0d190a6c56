"""The parts of the simulated browser: what is the same in all of them, and each family's rules."""
