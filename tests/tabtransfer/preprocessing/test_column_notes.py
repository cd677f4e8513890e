import numpy as np
import pandas as pd
import pytest

from tabtransfer.preprocessing.column_notes import column_notes
from tabtransfer.preprocessing.encoder import TableEncoder

N = 120
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, N)


def said(cells, labels=LABELS, n_classes=2):
    X = pd.DataFrame({"z": cells})
    return [str(note) for note in column_notes(TableEncoder().fit(X), X, labels, n_classes)]


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ([*RNG.normal(size=N - 1).astype(str), "?"],
         r"numbers written as text, such as '-?0\.\d+'; 1 cell that is none became missing\."),
        (["13/02/2020"] * (N // 2) + ["01/03/2021"] * (N // 2 - 2) + ["-", "-"],
         r"is read as dates written as %d/%m/%Y; 2 cells that are none became missing\."),
        ([f"lot {number} of wood" for number in range(60)] * 2, "text, of 60 different values"),
        ([f"{number:04d}" for number in range(60)] * 2, "is read as 60 categories"),
        ([None] * N, "has no cell"),
        ([3] * N, "has the same value in all rows"),
        (["a"] * (N - 1) + [None], "has the same value in all other rows"),
        (RNG.permutation(N) + 100, "numbers the rows"),
        ([f"customer {number}" for number in range(N)], "another value in every row, as ident"),
        (pd.to_timedelta([*range(60)] * 2, unit="s"), "durations, in seconds"),
        (LABELS + 0.5, r"predicts the target alone \(ROC AUC of 1.000\): does it give .* away\?$"),
        (np.where(LABELS, "gone", "here"), "does it give the target away"),
    ],
)  # fmt: skip
def test_what_is_odd_about_a_column_is_said(cells, sentence):
    notes = said(cells)
    assert any(pd.Series(notes).str.contains(sentence)), notes


@pytest.mark.parametrize(
    "cells", [RNG.normal(size=N), ["a", "b", None] * 40, [True, False] * 60, [5, 6, 7] * 40]
)
def test_plain_columns_are_not_talked_about(cells):
    assert said(cells) == []


def test_numbers_that_give_a_number_away_are_said():
    target = RNG.permutation(np.arange(N) % 30) / 7
    assert "R² of 1.000" in said(target * 2, target, 0)[0]
    assert said(target + RNG.normal(size=N), target, 0) == []
