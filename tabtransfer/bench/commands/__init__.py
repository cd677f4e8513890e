"""The commands of the benchmark harness."""
