"""Turn tables, targets and weights into the numbers that all other modules read."""
