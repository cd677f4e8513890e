"""Training: the step, the optimisers, the stream of tasks, the run."""
