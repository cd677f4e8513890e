"""Scripts that tests start are no tests."""

collect_ignore = ["device_differences.py", "pretended_gpu.py"]
