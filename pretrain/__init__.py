"""Pretraining: synthetic tables, real tables, and the training on both."""
