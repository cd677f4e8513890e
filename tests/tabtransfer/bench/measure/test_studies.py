"""Tuned methods whose jobs are killed and started again."""

import pytest
from sklearn.linear_model import LogisticRegression

from tabtransfer.baselines.method import Method
from tabtransfer.baselines.tuned_method import make_tuned
from tabtransfer.bench.measure.run import run
from tabtransfer.bench.measure.studies import Studies
from tabtransfer.bench.protocol import Job

SLOWNESS = 0.05


def _tuned(log, killed_at, n_trials=4):
    """Make a tuned logistic regression that logs its fits and is killed at one of them."""

    class Watched(LogisticRegression):
        def fit(self, X, y):
            import os
            import signal
            import time

            with log.open("a") as file:
                file.write(f"{self.C} {len(X)}\n")
            if log.read_text().count("\n") == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(SLOWNESS)
            return super().fit(X, y)

    method = Method(
        "watched",
        lambda random_state, n_threads: Watched(),
        search_space=lambda trial: {"C": trial.suggest_float("C", 0.01, 1.0)},
    )
    return make_tuned(method, n_trials=n_trials, seconds=None)


@pytest.mark.slow
def test_a_killed_search_goes_on_and_its_file_goes_when_it_is_done(tables, logistic, tmp_path):
    path, studies = tmp_path / "r.parquet", tmp_path / "studies"

    def fits_of(log, *killed_at):
        for at in killed_at:
            frame = run("s", tables[:1], [_tuned(log, at), logistic], path, n_splits=1, n_jobs=1)
        return log.read_text().splitlines(), frame.set_index("method")

    fits, rows = fits_of(tmp_path / "killed", 8)
    assert rows["status"].to_dict() == {"watched-tuned": "out_of_memory", "logistic": "ok"}
    assert len(list(studies.glob("*.journal"))) == 1
    fits, rows = fits_of(tmp_path / "killed", None)
    assert set(rows["status"]) == {"ok"}
    assert not studies.exists()
    # What the first process had spent counts.
    assert rows["fit_seconds"]["watched-tuned"] > SLOWNESS * (4 * 3 + 1)

    path.unlink()
    whole, again = fits_of(tmp_path / "whole", None)
    assert len(whole) == 4 * 3 + 1
    # The third trial was killed at its second fold, and starts anew.
    assert fits == whole[:8] + whole[6:]
    assert again["roc_auc"].to_dict() == rows["roc_auc"].to_dict()


def test_a_search_left_by_a_kill_after_its_row_is_removed_by_the_next_run(tables, tmp_path):
    path, tuned = tmp_path / "r.parquet", _tuned(tmp_path / "log", None, n_trials=1)
    frame = run("s", tables[:1], [tuned], path, n_splits=1, n_jobs=1)
    left = Studies(path).path(frame.to_dict("records")[0])
    left.parent.mkdir()
    left.touch()
    run("s", tables[:1], [tuned], path, n_splits=1, n_jobs=1)
    assert not left.parent.exists()


@pytest.mark.parametrize(
    "change",
    [
        *({"suite": "other"}, {"table": "other"}, {"method": "other"}, {"split": 1}),
        *({"splits": "tabarena"}, {"seed": 1}, {"max_train": 10}, {"max_test": 10}),
        *({"n_threads": 2}, {"table_hash": "1"}, {"versions": '{"numpy": "1"}'}),
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_changes_the_job_changes_the_file(change, tmp_path):
    row = {**Job("s", "t", "m").as_row(), "table_hash": "0", "versions": "{}"}
    studies = Studies(tmp_path / "r.parquet")
    assert studies.path(row) == studies.path(dict(row))
    assert studies.path({**row, **change}) != studies.path(row)
    assert Studies(tmp_path / "other.parquet").path(row) != studies.path(row)


def test_a_file_is_kept_unless_the_job_went_well(tmp_path):
    studies = Studies(tmp_path / "r.parquet")
    row = {**Job("s", "t", "m").as_row(), "table_hash": "0", "versions": "{}"}
    path = studies.path(row)
    path.parent.mkdir()
    path.touch()
    studies.drop({**row, "status": "timeout"})
    assert path.exists()
    studies.drop({**row, "status": "ok"})
    assert not path.parent.exists()
