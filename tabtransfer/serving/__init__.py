"""A saved model as an HTTP service."""
