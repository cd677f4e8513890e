"""Presets of training for kinds of hardware, and a dry run of each."""
