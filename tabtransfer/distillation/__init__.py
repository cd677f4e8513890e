"""Distillation: a small model that is taught what a fitted one predicts, for fast scoring."""
