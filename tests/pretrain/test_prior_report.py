"""The report says where synthetic and real tables differ, and where they don't."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.corpus import RealTable
from tabtransfer.pretrain.prior_measure import comparable_tables, measure_prior, measure_tables
from tabtransfer.pretrain.prior_picture import draw_report
from tabtransfer.pretrain.prior_report import SHARES, SPREADS, largest_differences, to_markdown
from tabtransfer.pretrain.report_command import prior_report


def measured(seed: int, n_tables: int = 100) -> pd.DataFrame:
    """Make a frame of measurements, every figure uniform on 0 to 1."""
    generator = np.random.default_rng(seed)
    spreads = {name: generator.random(n_tables) for name in SPREADS}
    return pd.DataFrame(spreads | {name: generator.random(n_tables) > 0.5 for name in SHARES})


def write_table(folder, name: str, n_rows: int = 80, n_columns: int = 3) -> None:
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.normal(size=(n_rows, n_columns)))
    frame.columns = [f"c{index}" for index in range(n_columns)]
    frame["kind"] = np.where(frame["c0"] > 0, "x", "y")
    frame.to_parquet(folder / f"{name}.parquet")


def test_figure_that_was_moved_is_first():
    real = measured(0)
    synthetic = measured(1)
    synthetic["missing"] = synthetic["missing"] / 10
    worst = largest_differences(synthetic, real)[0]
    assert worst.figure == "missing"
    assert worst.distance > 0.8 > worst.by_chance
    assert worst.synthetic_median == pytest.approx(synthetic["missing"].median())
    assert worst.real_median == pytest.approx(real["missing"].median())


def test_words_hold_quartiles_shares_and_the_difference():
    real = measured(0).assign(linear_wins=[True] * 46 + [False] * 54)
    synthetic = measured(1).assign(forest=2.0)
    words = to_markdown(synthetic, real)
    low, middle, high = real["forest"].quantile([0.25, 0.5, 0.75])
    forest = f"| log-loss of random forest | 2 · 2 · 2 | {low:.3g} · {middle:.3g} · {high:.3g} |"
    assert forest in words
    assert "| logistic regression beats the forest |" in words and "46%" in words
    assert "- **log-loss of random forest**: median 2, real" in words


def test_same_tables_differ_by_no_more_than_chance():
    assert "No figure differs" in to_markdown(measured(0), measured(0))


def test_synthetic_tables_can_stand_alone(tmp_path):
    words = to_markdown(measured(0), None)
    assert "| quartiles | synthetic |" in words and "real" not in words
    draw_report(measured(0), None, tmp_path / "alone.png")
    assert (tmp_path / "alone.png").read_bytes().startswith(b"\x89PNG")


def test_small_and_wide_tables_are_left_out(tmp_path):
    write_table(tmp_path, "fits")
    write_table(tmp_path, "short", n_rows=59)
    write_table(tmp_path, "wide", n_columns=61)
    assert [table.name for table in comparable_tables(tmp_path)] == ["fits"]
    (tmp_path / "fits.parquet").unlink()
    with pytest.raises(TabTransferError, match="at least 60 rows"):
        comparable_tables(tmp_path)


def test_table_that_cannot_be_split_is_left_out_but_counted():
    frame = pd.DataFrame({"a": range(60), "b": range(60)})
    flat = RealTable("flat", frame, pd.Series(["x"] * 60))
    fine = RealTable("fine", frame, pd.Series(["x", "y"] * 30))
    seen: list[int] = []
    assert measure_tables([flat, fine], seen.append)["name"].tolist() == ["fine"]
    assert seen == [1, 1]
    with pytest.raises(TabTransferError, match="no table"):
        measure_tables([flat], seen.append)


def test_prior_is_drawn_by_seed():
    seen: list[int] = []
    first = measure_prior(5, 0, seen.append)
    assert sum(seen) == len(first) == 5
    assert first["n_rows"].between(60, 256).all() and first["n_columns"].between(1, 40).all()
    pd.testing.assert_frame_equal(first, measure_prior(5, 0, seen.append))
    assert not first["forest"].equals(measure_prior(5, 1, seen.append)["forest"])


def test_command_writes_words_and_picture(tmp_path):
    write_table(tmp_path, "toy")
    app = typer.Typer()
    app.command()(prior_report)
    out = tmp_path / "report"
    done = CliRunner().invoke(
        app, ["--n-tables", "4", "--tables", str(tmp_path), "--out", str(out)]
    )
    assert done.exit_code == 0, done.output
    assert "4 synthetic tables beside 1 real ones" in (out / "prior.md").read_text()
    assert (out / "prior.png").read_bytes().startswith(b"\x89PNG")
