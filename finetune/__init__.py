"""Adapting the pretrained network to one table."""
