"""People's tables, targets and weights as the numbers that everything else reads."""
