"""The network: what it sees of a task, its stages, its predictions and their cost."""
