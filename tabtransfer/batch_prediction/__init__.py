"""Fit models to table files and predict table files, from the command line."""
