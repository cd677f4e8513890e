"""Run the command line as ``python -m tabtransfer``."""

from tabtransfer.cli import main

main()
