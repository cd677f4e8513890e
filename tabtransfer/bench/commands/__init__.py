"""The harness's commands."""
