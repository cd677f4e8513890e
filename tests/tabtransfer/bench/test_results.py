import json

import pandas as pd
import pytest

from tabtransfer.bench.measure.results_file import ResultsFile
from tabtransfer.bench.merge import merge_results
from tabtransfer.bench.protocol import Job
from tabtransfer.bench.report.pages import write_report
from tabtransfer.bench.results import (
    journal_path,
    read_results,
    read_rows,
    write_results,
)
from tabtransfer.errors import TabTransferError


@pytest.fixture
def path(tmp_path, make_results):
    path = tmp_path / "results.parquet"
    rows = make_results({"t": {"a": 0.9, "b": None}}).astype(object).to_dict("records")
    write_results([{k: None if v != v else v for k, v in row.items()} for row in rows], path)
    return path


def _job(method, **changes):
    return Job("made-up", "t", method, **changes)


def test_only_what_went_well_under_the_same_facts_is_kept(path):
    same, other = {"table_hash": "0"}, {"table_hash": "1"}
    assert ResultsFile(path).keep({_job("a"): same, _job("b"): same}) == {_job("a")}
    assert ResultsFile(path).keep({_job("a"): other}) == set()


def test_rows_to_be_measured_again_are_dropped_and_others_stay(path):
    results = ResultsFile(path)
    results.keep({_job("b"): {}})
    assert [row["method"] for row in results.rows] == ["a"]


def test_another_protocol_is_refused_with_both_values(path):
    with pytest.raises(TabTransferError, match=r"max_test=2000.*max_test=50"):
        ResultsFile(path).keep({_job("a", max_test=50): {}})
    # Halves of another size are added.
    assert ResultsFile(path).keep({_job("a", max_train=50): {}}) == set()


def test_searches_of_another_length_are_refused(path):
    rows = [{**read_rows(path)[0], "search_seconds": 30.0}]
    write_results(rows, path)
    assert ResultsFile(path).keep({_job("a"): {"search_seconds": 30.0}}) == {_job("a")}
    assert ResultsFile(path).keep({_job("b"): {"search_seconds": None}}) == set()
    with pytest.raises(TabTransferError, match=r"search_seconds=30\.0, and this run has 5\.0"):
        ResultsFile(path).keep({_job("b"): {"search_seconds": 5.0}, _job("c"): {}})
    write_results([*rows, {**rows[0], "method": "b", "search_seconds": 5.0}], path)
    with pytest.raises(TabTransferError, match=r"different search_seconds \(30\.0, 5\.0\)"):
        read_results(path)


def test_a_limit_that_was_hit_holds_until_it_is_raised(path):
    rows = [{**row, "status": "timeout", "time_limit": 60.0} for row in read_rows(path)[:1]]
    write_results(rows, path)

    def kept(limit):
        return ResultsFile(path).keep({_job("a"): {"time_limit": limit}}) == {_job("a")}

    assert kept(60.0)
    assert kept(30.0)
    assert not kept(61.0)
    assert not kept(None)


def test_rows_are_readable_as_soon_as_they_are_added(path):
    row = read_rows(path)[0]
    results = ResultsFile(path)
    results.add({**row, "split": 1})
    assert sorted(read_results(path)["split"]) == [0, 0, 1]
    journal = journal_path(path)
    with journal.open("ab") as file:
        file.write(b'{"suite": "made-up", "tab')  # what a kill may leave of a write
    assert len(read_results(path)) == 3
    again = ResultsFile(path)  # the first was killed
    again.add({**row, "split": 2})
    again.close()
    assert sorted(read_results(path)["split"]) == [0, 0, 1, 2]
    assert not journal.exists()


@pytest.mark.parametrize(
    "bad",
    [
        b"{}",
        b"[1, 2]",
        b'{"suite": "made-up", "tab',
        b"\xff\xfe{}",
        b"[" * 100_000,
        {"family": 3},
        {"licence": ["MIT"]},
        {"description": "\ud800"},
        {"split": "first"},
        {"status": None},
    ],
    ids=lambda bad: repr(bad)[:20],
)
def test_a_bad_line_of_a_journal_is_named_and_the_others_are_kept(path, bad):
    row = read_rows(path)[0]
    line = bad if isinstance(bad, bytes) else json.dumps({**row, "split": 1, **bad}).encode()
    good = [json.dumps({**row, "split": split}).encode() for split in (2, 3)]
    journal_path(path).write_bytes(b"\n".join([good[0], line, good[1], b""]))
    with pytest.warns(UserWarning, match=r"journal: line 2 can't be read as results; the same"):
        results = ResultsFile(path)
    assert sorted(row["split"] for row in results.rows) == [0, 0, 2, 3]


def test_what_no_file_can_hold_is_refused_before_it_is_in_the_journal(path):
    results = ResultsFile(path)
    with pytest.raises(ValueError):
        results.add({**read_rows(path)[0], "split": 1, "description": "\ud800"})
    results.close()
    assert len(read_results(path)) == 2


def test_a_row_in_both_files_counts_once_and_the_journals_is_newer(path):
    rows = read_rows(path)
    newer = {**rows[0], "roc_auc": 0.7}
    journal_path(path).write_text(json.dumps(newer) + "\n")
    frame = read_results(path)
    assert frame["method"].tolist() == ["b", "a"]
    assert frame["roc_auc"].tolist()[1] == 0.7


def test_a_run_that_measures_nothing_new_leaves_the_file_alone(path):
    before = path.read_bytes()
    results = ResultsFile(path)
    results.keep({_job("b"): {}})
    results.close()
    assert path.read_bytes() == before


def test_no_file_is_left_beside_the_results(path):
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_read_back_is_what_was_written(path):
    frame = read_results(path)
    assert frame["roc_auc"].tolist()[0] == 0.9
    assert frame["status"].tolist() == ["ok", "skipped"]


def test_files_of_older_versions_are_read(tmp_path, path):
    later = [
        "max_rows",
        "search_seconds",
        "reliability",
        "coverage_50",
        "coverage_80",
        "coverage_90",
    ]
    frame = read_results(path)
    assert frame["reliability"].notna().tolist() == [True, False]
    frame.drop(columns=later).to_parquet(tmp_path / "old.parquet")
    old = read_results(tmp_path / "old.parquet")
    assert old[later].isna().all(axis=None)
    pd.testing.assert_frame_equal(old.drop(columns=later), frame.drop(columns=later))
    journal_path(tmp_path / "old.parquet").write_text(json.dumps(read_rows(path)[0]) + "\n")
    both = read_results(tmp_path / "old.parquet")
    assert both["reliability"].notna().tolist() == [False, True]
    merged = merge_results([tmp_path / "old.parquet", path])
    write_report(pd.DataFrame(merged), tmp_path / "report")
    write_report(old, tmp_path / "report")


def test_unreadable_files_are_refused(tmp_path, path):
    with pytest.raises(TabTransferError, match="No results table"):
        read_results(tmp_path / "absent.parquet")
    (tmp_path / "text.parquet").write_text("not Parquet")
    with pytest.raises(TabTransferError, match="can't be read"):
        read_results(tmp_path / "text.parquet")
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(TabTransferError, match="lacks the columns suite"):
        read_results(tmp_path / "other.parquet")
    read_results(path).iloc[:0].to_parquet(tmp_path / "empty.parquet")
    with pytest.raises(TabTransferError, match="no rows"):
        read_results(tmp_path / "empty.parquet")
    read_results(path).assign(roc_auc="high").to_parquet(tmp_path / "typed.parquet")
    with pytest.raises(TabTransferError, match="wrong type"):
        read_results(tmp_path / "typed.parquet")


def test_mixed_protocols_are_refused(tmp_path, path):
    frame = read_results(path)
    halves = pd.concat([frame, frame.assign(max_train=50)])
    halves.to_parquet(tmp_path / "halves.parquet")
    assert len(read_results(tmp_path / "halves.parquet")) == 4
    halves.assign(splits="tabarena").to_parquet(tmp_path / "mixed.parquet")
    with pytest.raises(TabTransferError, match="different max_train"):
        read_results(tmp_path / "mixed.parquet")


def test_plain_folds_lie_beside_grouped_ones_of_one_column(tmp_path, path):
    plain = read_results(path).assign(splits="tabarena")
    grouped = plain.assign(splits="grouped", folds_by="customer")
    for folds_by, splits, message in (
        ("shop", "grouped", r"different folds_by \(customer, shop\)"),
        ("day", "temporal", r"different splits \(grouped, temporal\)"),
    ):
        other = grouped.assign(folds_by=folds_by, splits=splits, method="c")
        pd.concat([plain, grouped, other]).to_parquet(tmp_path / "mixed.parquet")
        with pytest.raises(TabTransferError, match=message):
            read_results(tmp_path / "mixed.parquet")
    pd.concat([plain, grouped]).to_parquet(tmp_path / "both.parquet")
    assert len(read_results(tmp_path / "both.parquet")) == 4
    results = ResultsFile(tmp_path / "both.parquet")
    assert results.keep({_job("a", splits="grouped"): {}, _job("b", splits="grouped"): {}}) == {
        _job("a", splits="grouped")
    }


def test_nested_training_sets_may_differ_in_size_and_lie_alone(tmp_path, path):
    frame = read_results(path).assign(splits="nested")
    nested = pd.concat([frame, frame.assign(max_train=50)])
    nested.to_parquet(tmp_path / "nested.parquet")
    assert len(read_results(tmp_path / "nested.parquet")) == 4
    other = frame.assign(suite="other", splits="halves")
    pd.concat([nested, other]).to_parquet(tmp_path / "both.parquet")
    with pytest.raises(TabTransferError, match="keep each in a file of its own"):
        read_results(tmp_path / "both.parquet")
