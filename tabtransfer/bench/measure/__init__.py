"""Measure methods on tables: jobs, their processes, time and budgets."""
