"""Predictions of a pretrained network: views, ensembles, memory, calibration."""
