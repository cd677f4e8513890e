import pytest

from tabtransfer.bench.merge import merge_results
from tabtransfer.bench.results import read_rows, write_results
from tabtransfer.errors import TabTransferError


@pytest.fixture
def write(tmp_path, make_results):
    """Write a file of results, with changes to all of its rows."""

    def write(name, scores, **changes):
        rows = make_results(scores).astype(object).to_dict("records")
        path = tmp_path / name
        rows = [{k: None if v != v else v for k, v in row.items()} | changes for row in rows]
        write_results(rows, path)
        return path

    return write


def test_machines_join_and_what_went_well_is_taken(write, tmp_path):
    first = write("1", {"t": {"a": 0.9, "b": None}}, machine="one", cpu="X")
    second = write("2", {"t": {"b": 0.8}, "u": {"a": 0.7}}, machine="two", cpu="Y")
    for paths in ([first, second], [second, first]):
        write_results(merge_results(paths), tmp_path / "joined")
        rows = {(row["table"], row["method"]): row for row in read_rows(tmp_path / "joined")}
        assert {name: row["roc_auc"] for name, row in rows.items()} == {
            ("t", "a"): 0.9,
            ("t", "b"): 0.8,
            ("u", "a"): 0.7,
        }
        assert [rows["t", method]["machine"] for method in "ab"] == ["one", "two"]
        assert [rows["t", method]["cpu"] for method in "ab"] == ["X", "Y"]


def test_a_job_that_two_files_hold_is_taken_from_the_first(write):
    paths = [write("1", {"t": {"a": 0.9}}), write("2", {"t": {"a": 0.8}})]
    assert [row["roc_auc"] for row in merge_results(paths)] == [0.9]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"versions": "{}"}, r"both hold a on t \(split 0\), measured with"),
        ({"table_hash": "1"}, "different data as the table 't'"),
        ({"max_test": 50}, r"different max_test \(2000, 50\)"),
        ({"splits": "tabarena"}, r"different splits \(halves, tabarena\)"),
    ],
)
def test_what_cannot_be_compared_is_not_joined(write, changes, message):
    paths = [write("1", {"t": {"a": 0.9}}), write("2", {"t": {"a": 0.8}}, **changes)]
    with pytest.raises(TabTransferError, match=message):
        merge_results(paths)


def test_sizes_of_nested_training_sets_join(write):
    sizes = [write(str(n), {"t": {"a": 0.9}}, splits="nested", max_train=n) for n in (32, 64)]
    assert [row["max_train"] for row in merge_results(sizes)] == [32, 64]


def test_failures_with_other_versions_give_way(write):
    failed = write("1", {"t": {"a": None}}, versions="{}")
    assert merge_results([failed, write("2", {"t": {"a": 0.8}})])[0]["roc_auc"] == 0.8
