"""The report that compares the prior's tables with real ones."""
