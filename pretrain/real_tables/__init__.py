"""Real tables for training: the corpus, what is kept out of it, tasks drawn from it."""
