"""Which columns and training rows drive a prediction."""
