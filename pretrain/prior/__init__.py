"""The synthetic prior: random tables with something to learn in them."""
