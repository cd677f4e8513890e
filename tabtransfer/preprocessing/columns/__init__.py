"""Turn one column of a table into numbers.

A column of a frame becomes one value or several: a number or a category one, a date its parts,
a text its category and its topics. Each kind has a module of its own; `learn_column` chooses.
"""

from tabtransfer.preprocessing.columns.cells import UnsupportedColumnError
from tabtransfer.preprocessing.columns.learned import Column, learn_column

__all__ = ["Column", "UnsupportedColumnError", "learn_column"]
