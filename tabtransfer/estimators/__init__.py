"""The pretrained network as scikit-learn estimators."""
