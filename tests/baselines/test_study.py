import datetime
from types import SimpleNamespace

import numpy as np
import optuna
import pandas as pd
import pytest

from tabtransfer.baselines import study
from tabtransfer.baselines.study import TrialLog, name_study
from tabtransfer.errors import TabTransferError


def draw(log, n_trials):
    """Run trials whose error is known, and return what was drawn."""
    drawn = []
    for _ in range(n_trials):
        trial = log.start()
        drawn.append(trial.suggest_float("x", 0.0, 1.0))
        log.finish(trial, (drawn[-1] - 0.3) ** 2)
    return drawn


def test_an_interrupted_search_draws_what_it_would_have_drawn(tmp_path):
    expected = draw(TrialLog(None, "whole", seed=4), 16)
    path = tmp_path / "trials" / "study.journal"
    first = TrialLog(path, "parts", seed=4)
    drawn = draw(first, 12)
    first.start().suggest_float("x", 0.0, 1.0)  # and then the process is killed
    second = TrialLog(path, "parts", seed=4)
    assert second.n_tried == 12 and second.errors == first.errors
    assert drawn + draw(second, 4) == expected
    assert second.best().params["x"] == min(expected, key=lambda x: (x - 0.3) ** 2)


def test_what_a_kill_leaves_in_the_file_is_no_hindrance(tmp_path):
    path = tmp_path / "study.journal"
    draw(TrialLog(path, "study", seed=0), 3)
    path.with_name("study.journal.lock").symlink_to(path)
    with path.open("ab") as file:
        file.write(b'{"op_code": 5, "trial')
    log = TrialLog(path, "study", seed=0)
    assert log.n_tried == 3
    draw(log, 1)
    assert TrialLog(path, "study", seed=0).n_tried == 4


def test_a_file_that_is_no_journal_is_named(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a journal\nat all\n")
    with pytest.raises(TabTransferError, match=r"notes\.txt can't be read"):
        TrialLog(path, "study", seed=0)
    assert path.read_text() == "not a journal\nat all\n"


def test_a_damaged_journal_goes_on_from_the_lines_before_the_damage(tmp_path):
    path = tmp_path / "study.journal"
    drawn = draw(TrialLog(path, "study", seed=0), 5)
    lines = path.read_bytes().splitlines(keepends=True)
    starts = [place for place, line in enumerate(lines) if b'"op_code":4' in line]
    lines[starts[3]] = b"\x00" * len(lines[starts[3]][:-1]) + b"\n"
    path.write_bytes(b"".join(lines))
    named = rf"study\.journal: line {starts[3] + 1} is damaged, so .* the {starts[3]} lines before"
    with pytest.warns(UserWarning, match=named):
        log = TrialLog(path, "study", seed=0)
    assert log.n_tried == 3
    assert draw(log, 2) == drawn[3:]
    assert TrialLog(path, "study", seed=0).n_tried == 5


@pytest.mark.parametrize("line", [b"{}", b"[1]", b'{"op_code": 99}', b'{"op_code": 0}', b"\xff"])
def test_a_journal_damaged_from_the_start_is_one_sentence(tmp_path, line):
    path = tmp_path / "study.journal"
    draw(TrialLog(path, "study", seed=0), 1)
    _, *others = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([line + b"\n", *others]))
    with pytest.raises(
        TabTransferError, match=r"can't be read as a journal .*: remove it, or give"
    ):
        TrialLog(path, "study", seed=0)


def test_trials_that_came_to_nothing_count_as_tried_and_never_as_best():
    log = TrialLog(None, "study", seed=0)
    assert log.best() is None
    log.end(log.start(), "ValueError: no such thing")
    draw(log, 1)
    assert log.n_tried == 2 and len(log.errors) == 1
    assert log.best().user_attrs["index"] == 1


def test_time_is_counted_over_all_trials(tmp_path):
    path = tmp_path / "study.journal"
    log = TrialLog(path, "study", seed=0)
    draw(log, 2)
    assert 0 < log.seconds_spent < 60
    assert TrialLog(path, "study", seed=0).seconds_spent == log.seconds_spent


def test_opening_a_study_leaves_optunas_log_level_alone():
    optuna.logging.set_verbosity(optuna.logging.INFO)
    TrialLog(None, "study", seed=0)
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_a_name_tells_tables_types_and_settings_apart():
    frame, y = pd.DataFrame({"x": [1, 2], "c": ["u", None]}), np.array([0, 1])
    name = name_study(frame, y, ["optuna"], "linear", 3)
    assert name == name_study(frame.copy(), y.copy(), ["optuna"], "linear", 3)
    others = [
        name_study(frame[::-1], y, ["optuna"], "linear", 3),
        name_study(frame.astype({"x": float}), y, ["optuna"], "linear", 3),
        name_study(frame.rename(columns={"x": "z"}), y, ["optuna"], "linear", 3),
        name_study(frame, 1 - y, ["optuna"], "linear", 3),
        name_study(frame, y, ["numpy"], "linear", 3),
        name_study(frame, y, ["optuna"], "linear", 4),
    ]
    assert len({name, *others}) == 7


def test_a_clock_that_is_set_back_takes_no_time_off_a_search(tmp_path, monkeypatch):
    monotonic = iter([10.0, 13.0, 20.0, 24.5])
    monkeypatch.setattr(study, "time", SimpleNamespace(monotonic=lambda: next(monotonic)))
    log = TrialLog(tmp_path / "study.journal", "study", seed=0)
    first = log.start()
    with monkeypatch.context() as earlier:
        earlier.setattr("optuna.storages.journal._storage.datetime", _Yesterday)
        log.finish(first, 0.5)
    log.end(log.start(), "no luck")
    assert log.seconds_spent == 7.5
    assert TrialLog(tmp_path / "study.journal", "study", seed=0).seconds_spent == 7.5


class _Yesterday(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - datetime.timedelta(days=1)
