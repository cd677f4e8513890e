from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabtransfer.pretrain.continued.report import ContinuedPretraining


def losses(gains, task="classification"):
    before = np.full(len(gains), 0.8)
    names = [f"t{place}" for place in range(len(gains))]
    after = before - np.array(gains)
    return pd.DataFrame(
        {"table": names, "target": "y", "task": task, "before": before, "after": after}
    )


def report(held_out, others=()):
    refused = {"notes.txt": "it has no suffix"}
    return ContinuedPretraining(Path("w"), losses(held_out), losses(others), 20, refused)


@pytest.mark.parametrize(
    ("held_out", "others", "verdict"),
    [
        ([0.01, 0.02, 0.03, 0.02, 0.01], [0.0, 0.01, -0.01], "Use these weights for tables like"),
        (
            [0.01, 0.02, 0.03, 0.02, 0.01],
            [-0.1, -0.1, -0.2],
            "for others, on which these are worse",
        ),
        ([0.01, -0.02, 0.03, -0.02, 0.01], [0.0, 0.0], "Keep the weights that you started from"),
        ([0.1, 0.1], [0.0, 0.0], "2 held-out tables can't tell"),
        ([], [], "No held-out table could be measured"),
    ],
)
def test_the_verdict_follows_the_intervals(held_out, others, verdict):
    found = report(held_out, others)
    assert verdict in found.verdict and f"**{found.verdict}**" in found.to_markdown()
    assert found.is_better == ("Use these" in found.verdict)


def test_classes_and_numbers_are_told_apart():
    both = pd.concat([losses([0.05] * 5), losses([-0.01] * 5, "regression")])
    found = ContinuedPretraining(Path("w"), both, losses([]), 20)
    assert "to predict classes of tables like" in found.verdict
    assert "the ones that you started from for numbers" in found.verdict
    assert "| held out: numbers | 5 | 0.8000 | 0.8100 | −0.0100 |" in found.to_markdown()


def test_targets_of_a_table_count_as_one_table():
    found = report([0.02, 0.04])
    found.held_out["table"] = "same"
    assert found.held_out_gain.n_tables == 1
    assert found.held_out_gain.mean == pytest.approx(0.03)


def test_the_report_shows_tables_and_refusals():
    text = report([0.01, 0.02, -0.03, 0.0, 0.01]).to_markdown()
    assert "| held out | 5 | 0.8000 | 0.7980 | +0.0020 |" in text and "3 / 1 / 1" in text
    assert "| t2 | y | 0.8000 | 0.8300 |" in text
    assert "- `notes.txt`: it has no suffix" in text
    assert "| others | 0 | – |" in text and "None could be measured" in text
