"""Time `import tabtransfer`, which loads none of the packages that it needs later.

usage: python benchmarks/import_time.py [--repeats 9]

Each import is a process of its own; Python's own start isn't counted. The median is printed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

CODE = (
    "import time; start = time.perf_counter(); import tabtransfer; "
    "print(time.perf_counter() - start)"
)


def main() -> None:
    """Run the benchmark and print the median."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    seconds = [
        float(subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True).stdout)
        for _ in range(parser.parse_args().repeats)
    ]
    print(f"import tabtransfer: {1000 * statistics.median(seconds):.1f} ms")


if __name__ == "__main__":
    main()
