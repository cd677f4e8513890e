"""Pretraining: the prior, the corpus of real tables, the training command."""
