import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from tabtransfer.baselines.method import Method, MethodSkipped
from tabtransfer.bench.measure.run import run
from tabtransfer.bench.protocol import Limits
from tabtransfer.bench.report.reproduction import reproduction_command
from tabtransfer.bench.results import read_results
from tabtransfer.errors import TabTransferError


def _method(name, fit):
    """Make a method whose fit runs `fit()` and then a real logistic regression."""

    def make(random_state, n_threads):
        class Estimator(LogisticRegression):
            def fit(self, X, y):
                fit()
                return super().fit(X, y)

        return Estimator(max_iter=50)

    return Method(name, make)


@pytest.mark.slow
def test_a_method_that_fails_or_skips_or_crashes_costs_its_own_rows(tables, logistic, tmp_path):
    def fail():
        raise RuntimeError("no\nluck")

    def skip():
        raise MethodSkipped("too wide")

    def crash():
        import os

        os._exit(3)

    def talk():
        print("words on standard output are no answer", flush=True)

    def need_more():
        raise MemoryError("Unable to allocate 9 TiB")

    def get_killed():
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)

    methods = [
        _method("failing", fail),
        _method("skipping", skip),
        _method("crashing", crash),
        replace(logistic, name="absent", unavailable=lambda: "not installed"),
        replace(logistic, name="knowing", seen=lambda table: f"trained on {table.name!r}"),
        _method("talking", talk),
        _method("hungry", need_more),
        _method("killed", get_killed),
        logistic,
    ]
    frame = run("s", tables[:1], methods, tmp_path / "r.parquet", n_splits=1, n_jobs=2)
    by_method = frame.groupby("method")
    statuses = {name: set(rows["status"]) for name, rows in by_method}
    assert statuses == {
        "failing": {"failed"},
        "skipping": {"skipped"},
        "crashing": {"failed"},
        "absent": {"skipped"},
        "knowing": {"skipped"},
        "talking": {"ok"},
        "hungry": {"out_of_memory"},
        "killed": {"out_of_memory"},
        "logistic": {"ok"},
    }
    reasons = {name: rows["reason"].iloc[0] for name, rows in by_method}
    assert reasons["failing"].startswith("RuntimeError: no luck (at ")
    assert reasons["skipping"] == "too wide"
    assert reasons["crashing"] == "the job's process died (exit status 3)"
    assert reasons["absent"] == "not installed"
    assert reasons["knowing"] == "trained on 'iris'"
    assert reasons["hungry"].startswith("MemoryError: Unable to allocate 9 TiB")
    assert "killed, most likely by the system" in reasons["killed"]
    assert len(frame) == 9


def test_rows_say_what_was_measured(tables, logistic, tmp_path):
    run("s", tables, [logistic], tmp_path / "r.parquet", n_splits=2, max_train=40, n_jobs=1)
    frame = read_results(tmp_path / "r.parquet")
    assert len(frame) == 4
    assert (frame["status"] == "ok").all()
    assert (frame["roc_auc"] > 0.95).all()
    assert set(frame["n_train"]) == {40}
    assert set(frame[frame["table"] == "iris"]["n_test"]) == {75}
    assert (frame[["fit_seconds", "predict_seconds"]] > 0).all(axis=None)
    assert set(json.loads(frame["versions"].iloc[0])) == {"python", "tabtransfer", "scikit-learn"}
    assert frame["cpu"].iloc[0]
    # Memory is the job's own, without what is imported for it.
    assert (frame["peak_memory_mb"] > 0).all()
    assert frame["peak_memory_mb"].max() < 100
    assert (frame["job_seconds"] > frame["fit_seconds"] + frame["predict_seconds"]).all()
    assert set(frame["task"]) == {"multiclass"}
    assert (frame["error"] == frame["log_loss"]).all()
    assert (frame["family"] == frame["table"]).all()
    assert frame["max_rows"].isna().all()
    for row in frame.itertuples():
        n, confidence, right = np.array(json.loads(row.reliability)).T
        assert n.sum() == row.n_test
        assert right.sum() == pytest.approx(row.accuracy * row.n_test)
        assert confidence.sum() > 0.8 * row.n_test


def test_thinned_tables_are_noted_and_named_by_the_report(tables, diabetes, logistic, tmp_path):
    options = {"n_splits": 1, "n_jobs": 1, "max_rows": 160}
    frame = run("s", [*tables, diabetes], [logistic], tmp_path / "r.parquet", **options)
    assert dict(zip(frame["table"], frame["n_rows"], strict=True)) == {
        "iris": 150,
        "wine": 160,
        "diabetes": 160,
    }
    assert set(frame["max_rows"]) == {160}
    assert "--max-train 1000 --max-rows 160 --threads 1" in reproduction_command(frame)


def test_a_method_is_asked_for_all_rows_of_a_thinned_table(tables, logistic, tmp_path):
    asked = []

    def seen(table):
        asked.append(len(table.X))
        return "trained on it" if table.name == "iris" and len(table.X) == 150 else None

    knowing = [replace(logistic, name=name, seen=seen) for name in "ab"]
    options = {"n_splits": 1, "n_jobs": 1, "max_rows": 100}
    frame = run("s", tables, [*knowing, logistic], tmp_path / "r.parquet", **options)
    skipped = frame[frame["status"] == "skipped"]
    assert list(zip(skipped["table"], skipped["method"], strict=True)) == [
        ("iris", "a"),
        ("iris", "b"),
    ]
    assert asked == [150, 178]  # once a table, here; the jobs' processes get the thinned table


def test_jobs_end_at_their_limits_and_the_rest_goes_on(tables, logistic, tmp_path):
    def hang():
        sum(range(10**12))  # one call that no signal handler of Python interrupts

    def grow():
        import numpy as np

        held = []
        while True:
            held.append(np.ones(3_000_000))  # 24 MB

    path = tmp_path / "r.parquet"
    methods = [_method("hanging", hang), _method("growing", grow), logistic]
    options = {"n_splits": 1, "n_jobs": 1}
    run("s", tables[:1], methods[:1], path, limits=Limits(1, 0.3), **options)
    frame = run("s", tables[:1], methods[1:], path, limits=Limits(300, 0.3), **options)
    rows = frame.set_index("method")
    assert rows["status"].to_dict() == {
        "hanging": "timeout",
        "growing": "out_of_memory",
        "logistic": "ok",
    }
    assert rows["reason"]["hanging"] == "stopped after 1 s, the time limit"
    assert rows["reason"]["growing"] == "stopped above 0.3 GB, the memory limit"
    assert rows["time_limit"].to_dict() == {"hanging": 1.0, "growing": 300.0, "logistic": 300.0}
    # A limit that was hit isn't tried again; here another one is lower.
    again = run("s", tables[:1], methods, path, limits=Limits(0.5, 0.3), **options)
    assert again["finished"].tolist() == frame["finished"].tolist()


def test_numbers_and_their_quantiles_are_scored(diabetes, logistic, tmp_path):
    def quantiles(model, X, levels):
        from statistics import NormalDist

        import numpy as np

        spread = np.array([55 * NormalDist().inv_cdf(level) for level in levels])
        return model.predict(X)[:, None] + spread

    linear = replace(
        logistic, name="linear", make_regressor=lambda random_state, n_threads: LinearRegression()
    )
    methods = [replace(linear, name="spread", quantiles=quantiles), linear, logistic]
    frame = run("s", [diabetes], methods, tmp_path / "r.parquet", n_splits=2, n_jobs=1)
    rows = frame[frame["split"] == 0].set_index("method")
    assert rows["status"].to_dict() == {"spread": "ok", "linear": "ok", "logistic": "skipped"}
    assert rows["reason"]["logistic"] == "logistic has no regressor"
    assert set(frame["task"]) == {"regression"}
    assert rows["rmse"]["linear"] == rows["error"]["linear"] == pytest.approx(56, abs=4)
    assert rows["r2"]["linear"] == pytest.approx(0.48, abs=0.08)
    # A normal forecast's CRPS is 0.564 standard deviations where they are right.
    assert rows["crps"]["spread"] == pytest.approx(0.564 * 56, abs=3)
    assert rows["quantile_seconds"]["spread"] > 0
    assert rows["coverage_80"]["spread"] == pytest.approx(0.8, abs=0.06)
    for name in ("crps", "quantile_seconds", "coverage_50", "coverage_90"):
        assert rows[name].isna()["linear"]
    assert rows["reliability"].isna().all()
    assert frame["roc_auc"].isna().all()
    assert set(frame["n_train"].dropna()) == {221}


@pytest.mark.slow
def test_folds_as_tabarena_has_them(tables, logistic, tmp_path):
    methods = [replace(logistic, unavailable=lambda: "not now")]
    frame = run("s", tables[:1], methods, tmp_path / "r.parquet", n_splits="tabarena")
    assert sorted(frame["split"]) == list(range(30))
    assert set(frame["splits"]) == {"tabarena"}
    with pytest.raises(TabTransferError, match=r"splits=tabarena.*splits=halves"):
        run("s", tables[:1], methods, tmp_path / "r.parquet", n_splits=1)


def test_growing_training_sets_share_a_file_and_small_tables_end_early(
    tables, diabetes, logistic, tmp_path
):
    path = tmp_path / "r.parquet"
    methods = [replace(logistic, make_regressor=lambda random_state, n_threads: LinearRegression())]
    options = {"n_splits": 1, "n_jobs": 1}
    first = run("s", [tables[0], diabetes], methods, path, max_train=[64, 16], **options)
    assert set(first["splits"]) == {"nested"} and (first["status"] == "ok").all()
    assert (first["n_train"] == first["max_train"]).all()
    frame = run("s", [tables[0], diabetes], methods, path, max_train=[128, 64], **options)
    sizes = frame.groupby("table")["max_train"].agg(lambda column: sorted(set(column)))
    assert sizes.to_dict() == {"iris": [16, 64], "diabetes": [16, 64, 128]}
    seconds = [
        rows[rows["max_train"] == 64].set_index("table")["fit_seconds"].to_dict()
        for rows in (first, frame)
    ]
    assert seconds[0] == seconds[1]
    errors = frame[frame["table"] == "diabetes"].groupby("max_train")["rmse"].mean()
    assert errors[128] < errors[16]
    with pytest.raises(TabTransferError, match=r"splits=nested.*splits=halves"):
        run("s", tables[:1], methods, path, n_splits=2)


def test_sizes_that_no_table_gives_are_an_error(tables, logistic, tmp_path):
    with pytest.raises(TabTransferError, match="No table has 500 training rows"):
        run("s", tables, [logistic], tmp_path / "r.parquet", max_train=[500, 1000])
    with pytest.raises(TabTransferError, match="give n_splits a number"):
        run("s", tables, [logistic], tmp_path / "r.parquet", max_train=[8], n_splits="tabarena")
    assert not (tmp_path / "r.parquet").exists()


def test_more_splits_and_methods_extend_a_run_and_finished_jobs_are_kept(
    tables, logistic, tmp_path
):
    path = tmp_path / "r.parquet"
    first = run("s", tables, [logistic], path, n_splits=1, n_jobs=1)
    other = replace(logistic, name="other")
    more = run("s", tables, [logistic, other], path, n_splits=2, n_jobs=1)
    assert len(more) == 8
    kept = more[(more["method"] == "logistic") & (more["split"] == 0)]
    assert sorted(kept["fit_seconds"]) == sorted(first["fit_seconds"])


def test_a_changed_table_is_measured_again(tables, logistic, tmp_path):
    path = tmp_path / "r.parquet"
    first = run("s", tables, [logistic], path, n_splits=1, n_jobs=1)
    iris = tables[0]
    changed = [replace(iris, X=iris.X + 1), tables[1]]
    second = run("s", changed, [logistic], path, n_splits=1, n_jobs=1)
    seconds = [frame.set_index("table")["fit_seconds"] for frame in (first, second)]
    assert seconds[0]["wine"] == seconds[1]["wine"]
    assert seconds[0]["iris"] != seconds[1]["iris"]
    assert len(second) == 2


def test_a_table_that_cannot_be_split_is_an_error_before_any_work(tables, logistic, tmp_path):
    iris = tables[0]
    one_class = replace(iris, y=iris.y.map(lambda _: "same"))
    with pytest.raises(TabTransferError, match="two or more classes"):
        run("s", [tables[1], one_class], [logistic], tmp_path / "r.parquet")
    assert not (tmp_path / "r.parquet").exists()


def test_two_runs_in_one_folder_lose_nothing(tables, logistic, tmp_path):
    begun, go_on = threading.Event(), threading.Event()

    def slowly():
        begun.set()
        go_on.wait(60)
        yield from tables

    path = tmp_path / "r" / "results.parquet"

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: run("s", slowly(), [logistic], path))
        begun.wait(60)
        with pytest.raises(TabTransferError, match=r"Another run is writing to .*--out"):
            run("s", tables, [logistic], path, n_splits=1)
        go_on.set()
        rows = running.result()
    assert len(rows) == len(tables) * 3
