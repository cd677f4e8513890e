"""Fitted models as files without code in them."""
