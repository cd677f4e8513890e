"""Pretraining continued on people's own tables, and the report of what it brought."""
