"""What results say: averages, ranks, tests, gains. Pure functions of the results table."""
