"""Statistics of results: averages, ranks, tests, gains. Pure functions of the results table."""
