"""Recipes by hardware, and a dry run of each."""
