"""A kept score is found again under the same conditions and under no others."""

from __future__ import annotations

import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.pretrain.validation.score_cache import ScoreCache, table_digest


def table(**changes) -> RealTable:
    columns = {
        "a": [1.0, 2.0, None],
        "b": pd.Categorical(["u", "v", "u"]),
        "c": ["x", 1, None],
        **changes,
    }
    return RealTable("toy", pd.DataFrame(columns), pd.Series(["p", "q", "p"]))


def test_scores_last_in_the_file(tmp_path):
    path = tmp_path / "deep" / "cache.json"
    conditions = {"method": "catboost", "versions": {"catboost": "1"}, "split": 0}
    ScoreCache(path).put(conditions, {"roc_auc": 0.123456789012345})
    again = ScoreCache(path)
    assert again.get(dict(reversed(conditions.items()))) == {"roc_auc": 0.123456789012345}
    assert again.get({**conditions, "versions": {"catboost": "2"}}) is None
    assert [file.name for file in path.parent.iterdir()] == ["cache.json"]


def test_two_that_write_the_same_file_keep_each_others_scores(tmp_path):
    one, other = (ScoreCache(tmp_path / "cache.json") for _ in range(2))
    one.put({"split": 0}, {"roc_auc": 0.5})
    other.put({"split": 1}, {"roc_auc": 0.75})
    again = ScoreCache(tmp_path / "cache.json")
    assert [again.get({"split": split}) for split in range(2)] == [
        {"roc_auc": 0.5},
        {"roc_auc": 0.75},
    ]


@pytest.mark.parametrize(
    "other",
    [
        table(a=[1.0, 2.0, 3.0]),
        table(a=[1.0, None, 2.0]),
        table(b=["u", "v", "u"]),
        table(d=[0, 0, 0]),
        RealTable("toy", table().X.rename(columns={"a": "A"}), table().y),
        RealTable("toy", table().X, pd.Series(["p", "p", "q"])),
    ],
)
def test_digest_follows_cells_names_types_and_target(other):
    assert table_digest(other) != table_digest(table())


def test_digest_does_not_depend_on_the_name_or_the_way_through_a_file(tmp_path):
    frame = table().X.drop(columns="c")
    frame.to_parquet(tmp_path / "t.parquet")
    read = RealTable("other", pd.read_parquet(tmp_path / "t.parquet"), table().y)
    assert table_digest(read) == table_digest(RealTable("toy", frame, table().y))


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"a": {"scores": 2}}'])
def test_a_damaged_file_is_refused_with_the_way_out(tmp_path, text):
    (tmp_path / "cache.json").write_text(text)
    with pytest.raises(TabTransferError, match="delete it, and they are measured again"):
        ScoreCache(tmp_path / "cache.json")
