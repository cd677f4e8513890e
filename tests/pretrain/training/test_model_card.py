"""The card says what the header says: how long, on what, how well, what for."""

from __future__ import annotations

import copy

import pytest

from tabtransfer.pretrain.training.model_card import MAX_CURVE_ROWS, write_model_card

RUN = {
    "tasks_seen": 600,
    "seconds": 2400,
    "hardware": "Some CPU",
    "devices": 1,
    "precision": "32-true",
    "torch": "2.9",
    "validation": "2 real tables: cars, wine",
    "scores": {"roc_auc": 0.87654, "log_loss": 0.5, "r2": 0.4},
}
HEADER = {
    "licence": "Apache-2.0",
    "network": {"tasks": ["classification", "regression"]},
    "history": [{**RUN, "hardware": "Old CPU"}],
    "training": RUN,
    "tables": [],
}


@pytest.fixture
def write(tmp_path):
    """Write a card and give its text."""

    def written(n_curve_rows=3, **changes):
        curve = tmp_path / "curve.csv"
        rows = [f"{60 * n},{n},{n}" for n in range(n_curve_rows)]
        curve.write_text("\n".join(["seconds,steps,loss", *rows]) + "\n")
        write_model_card(tmp_path / "card.md", {**copy.deepcopy(HEADER), **changes}, curve)
        return (tmp_path / "card.md").read_text()

    return written


def test_all_runs_count_and_the_last_one_is_described(write):
    card = write()
    assert "1,200 in 80 minutes over 2 run(s)" in card
    head = card.partition("## Settings")[0]
    for cpu in ("Old CPU", "Some CPU"):
        assert f"{cpu}, 1 process(es), 32-true, torch 2.9" in head
    assert "roc_auc 0.8765, log_loss 0.5000, r2 0.4000" in head
    assert "2 real tables: cars, wine" in head


@pytest.mark.parametrize(
    ("tasks", "good", "untrained"),
    [
        (["classification"], "classification of tables", "regression, text (read as"),
        (["regression"], "regression of tables", "classification, text (read as"),
        (["regression", "classification"], "classification and regression of", "text (read as"),
    ],
)
def test_purpose_follows_the_heads_of_the_network(write, tasks, good, untrained):
    card = write(network={"tasks": tasks})
    assert f"- **Good for**: {good}" in card
    assert f"- **Not trained on**: {untrained}" in card
    assert "dates (read as seconds and as parts of a date)." in card


def test_a_trial_promises_nothing(write):
    card = write(training={**RUN, "seconds": 90}, history=[])
    assert "**Good for**: trying out the training. After 2 minutes" in card
    assert "some thousand rows" not in card


def test_real_tables_are_counted_and_listed_by_licence(write):
    licences = {"iris": "CC0", "a|b": "", "cars": "MIT", "snake_case": "CC0"}
    tables = [
        {"name": name, "source": "s", "licence": licence, "fingerprint": "0"}
        for name, licence in licences.items()
    ]
    head, _, section = write(tables=tables).partition("## Real tables trained on")
    assert "**Real tables trained on**: 4, listed below" in head
    assert section.splitlines()[2:] == [
        "- CC0 (2): `iris`, `snake_case`",
        "- MIT (1): `cars`",
        "- not stated (1): `a|b`",
    ]


def test_no_real_tables_are_said_to_be_none(write):
    card = write()
    assert "**Real tables trained on**: none; synthetic tables alone" in card
    assert "listed below" not in card and "by the licence" not in card


def test_long_curves_are_thinned_and_keep_their_end(write):
    n_rows = 10 * MAX_CURVE_ROWS + 3
    rows = [line for line in write(n_rows).splitlines() if line.startswith("| ")]
    assert rows[0] == "| seconds | steps | loss |"
    assert len(rows) - 1 <= MAX_CURVE_ROWS
    assert rows[-1].startswith(f"| {60 * (n_rows - 1)} |")
