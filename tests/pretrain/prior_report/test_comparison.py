"""The report says where synthetic and real tables differ, and where they don't."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.commands.prior_report import prior_report
from tabtransfer.pretrain.prior_report.comparison import largest_differences, to_markdown
from tabtransfer.pretrain.prior_report.figures import FIGURES, Figures, MeasuredTables
from tabtransfer.pretrain.prior_report.measure import (
    comparable_tables,
    compare_prior,
    measure_prior,
    measure_tables,
)
from tabtransfer.pretrain.real_tables.real_table import RealTable

CLASSES, NUMBERS = FIGURES["classification"], FIGURES["regression"]


def measured(seed: int, figures: Figures = CLASSES, n_tables: int = 100) -> pd.DataFrame:
    """Make a frame of measurements, every figure uniform on 0 to 1."""
    generator = np.random.default_rng(seed)
    spreads = {name: generator.random(n_tables) for name in figures.spreads}
    shares = {name: generator.random(n_tables) > 0.5 for name in figures.shares}
    return pd.DataFrame(spreads | shares)


def write_table(
    folder, name: str, n_rows: int = 80, n_columns: int = 3, task: str = "classification"
) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(n_rows, n_columns)))
    frame.columns = [f"c{index}" for index in range(n_columns)]
    sign = np.where(frame["c0"] > 0, "x", "y")
    frame["target"] = sign if task == "classification" else 3.0 * frame["c0"] + 100.0
    frame.to_parquet(folder / f"{name}.parquet")


def test_figure_that_was_moved_is_first():
    real = measured(0)
    synthetic = measured(1)
    synthetic["missing"] = synthetic["missing"] / 10
    worst = largest_differences(MeasuredTables(CLASSES, synthetic, real))[0]
    assert worst.figure == "missing"
    assert worst.distance > 0.8 > worst.by_chance
    assert worst.synthetic_median == pytest.approx(synthetic["missing"].median())
    assert worst.real_median == pytest.approx(real["missing"].median())


def test_words_hold_quartiles_shares_and_the_difference():
    real = measured(0).assign(linear_wins=[True] * 46 + [False] * 54)
    synthetic = measured(1).assign(forest=2.0)
    words = to_markdown([MeasuredTables(CLASSES, synthetic, real)])
    low, middle, high = real["forest"].quantile([0.25, 0.5, 0.75])
    forest = f"| log-loss of random forest | 2 · 2 · 2 | {low:.3g} · {middle:.3g} · {high:.3g} |"
    assert forest in words
    assert "| logistic regression beats the forest |" in words and "46%" in words
    assert "- **log-loss of random forest**: median 2, real" in words


def test_same_tables_differ_by_no_more_than_chance():
    same = MeasuredTables(CLASSES, measured(0), measured(0))
    assert "No figure differs" in to_markdown([same])


def test_synthetic_tables_can_stand_alone():
    alone = MeasuredTables(NUMBERS, measured(0, NUMBERS))
    words = to_markdown([alone])
    assert "| quartiles | synthetic |" in words and "real" not in words
    assert largest_differences(alone) == []


def test_each_kind_has_a_part_of_its_own():
    real = measured(0, NUMBERS).assign(forest_r2=0.5, repeats_target=[True] * 22 + [False] * 78)
    parts = [
        MeasuredTables(CLASSES, measured(1)),
        MeasuredTables(NUMBERS, measured(1, NUMBERS), real),
    ]
    classes, numbers = to_markdown(parts).split("## Numbers")
    assert "## Classes" in classes and "(prior.png)" in classes and "R²" not in classes
    assert "100 synthetic tables beside 100 real ones" in numbers
    assert "0.5 · 0.5 · 0.5 |" in numbers and "22% |" in numbers
    assert "- **R² of random forest**" in numbers and "(prior-numbers.png)" in numbers


def test_small_and_wide_tables_are_left_out(tmp_path):
    write_table(tmp_path, "fits")
    write_table(tmp_path, "short", n_rows=59)
    write_table(tmp_path, "wide", n_columns=61)
    assert [table.name for table in comparable_tables(tmp_path)] == ["fits"]
    assert comparable_tables(tmp_path, "regression") == []


def test_table_that_cannot_be_split_is_left_out_but_counted():
    frame = pd.DataFrame({"a": range(60), "b": range(60)})
    flat = RealTable("flat", frame, pd.Series(["x"] * 60))
    fine = RealTable("fine", frame, pd.Series(["x", "y"] * 30))
    seen: list[int] = []
    assert measure_tables([flat, fine], seen.append)["name"].tolist() == ["fine"]
    assert seen == [1, 1]
    with pytest.raises(TabTransferError, match="none of 1 tables"):
        measure_tables([flat], seen.append)


def test_numeric_targets_are_measured_on_the_scale_of_the_training_rows(tmp_path):
    write_table(tmp_path, "numbers", n_rows=300, task="regression")
    tables = comparable_tables(tmp_path, "regression")
    (row,) = measure_tables(tables, lambda n: None, "regression").to_dict("records")
    assert row["n_rows"] == 256 and row["distinct_targets"] == 1.0
    assert 2.0 < row["largest_target"] < 5.0
    assert row["linear_r2"] > 0.99 and row["linear_wins"] and row["forest_helps"]
    assert row["gain"] == row["forest_r2"] - row["linear_r2"]
    assert not row["repeats_target"]


@pytest.mark.parametrize("task, score", [("classification", "forest"), ("regression", "forest_r2")])
@pytest.mark.slow
def test_prior_is_drawn_by_seed(task, score):
    seen: list[int] = []
    first = measure_prior(3, 0, seen.append, task)
    assert sum(seen) == len(first) == 3
    assert first["n_rows"].between(60, 256).all() and first["n_columns"].between(1, 40).all()
    assert set(first) >= {*FIGURES[task].spreads, *FIGURES[task].shares}
    pd.testing.assert_frame_equal(first, measure_prior(3, 0, seen.append, task))
    assert not first[score].equals(measure_prior(3, 1, seen.append, task)[score])


def untracked(words: str, n_tables: int):
    return lambda n: None


def test_kind_without_real_tables_stands_alone(tmp_path):
    write_table(tmp_path, "toy")
    classes, numbers = compare_prior(1, 0, tmp_path, untracked)
    assert classes.real["name"].tolist() == ["toy"]
    assert (numbers.figures, numbers.real) == (NUMBERS, None)


def test_corpus_without_comparable_tables_is_refused(tmp_path):
    write_table(tmp_path, "short", n_rows=59)
    with pytest.raises(TabTransferError, match="at least 60 rows"):
        compare_prior(1, 0, tmp_path, untracked)


@pytest.mark.slow
def test_command_writes_words_and_pictures_of_both_kinds(tmp_path):
    write_table(tmp_path, "toy")
    write_table(tmp_path, "numbers", task="regression")
    app = typer.Typer()
    app.command()(prior_report)
    out = tmp_path / "report"
    done = CliRunner().invoke(
        app, ["--n-tables", "2", "--tables", str(tmp_path), "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    words = (out / "prior.md").read_text()
    assert words.count("2 synthetic tables beside 1 real ones") == 2
    for picture in ("prior.png", "prior-numbers.png"):
        assert f"({picture})" in words
        assert (out / picture).read_bytes().startswith(b"\x89PNG")
