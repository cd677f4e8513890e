"""The validation tables come out of a corpus by name, thinned the same way every time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.real_table import RealTable
from tabtransfer.pretrain.validation.tables import (
    MAX_ROWS,
    VALIDATION_TABLES,
    thin,
    write_validation_tables,
)


def frame(n_rows: int) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    kinds = ["often"] * (n_rows // 2) + ["some"] * (n_rows // 4)
    kinds += ["rare"] * (n_rows - len(kinds))
    return pd.DataFrame(
        {
            "amount": generator.normal(size=n_rows),
            "grade": pd.Categorical(generator.choice(["a", "b"], n_rows), ["a", "b", "unused"]),
            "kind": kinds,
        }
    )


def test_tables_are_picked_by_name_thinned_and_readable_as_a_corpus(tmp_path):
    corpus, out = tmp_path / "corpus", tmp_path / "validation"
    corpus.mkdir()
    for name in VALIDATION_TABLES:
        frame(40).to_parquet(corpus / f"{name}.parquet")
    frame(40).to_parquet(corpus / "another.parquet")
    frame(2 * MAX_ROWS).to_parquet(corpus / "kropt.parquet")
    assert write_validation_tables(corpus, out) == list(VALIDATION_TABLES)
    written = {table.name: table for table in load_corpus(out)}
    assert set(written) == set(VALIDATION_TABLES)
    assert len(written["autos"].y) == 40
    assert written["kropt"].y.value_counts().to_dict() == {"often": 600, "some": 300, "rare": 300}


def test_lacking_tables_are_named_and_nothing_is_written(tmp_path):
    frame(40).to_parquet(tmp_path / "kropt.parquet")
    with pytest.raises(TabTransferError, match=r"lacks 31 of the 32.*autos"):
        write_validation_tables(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_thinning_keeps_rows_whole_and_drops_what_says_nothing():
    table = frame(100).assign(one=1, place=np.arange(100.0))
    y = table.pop("kind").where(table["place"] != 7)
    small = thin(RealTable("toy", table, y), 20)
    assert list(small.X) == ["amount", "grade", "place"]
    assert list(small.X["grade"].cat.categories) == ["a", "b"]
    assert 7 not in small.X["place"].to_list()
    places = small.X["place"].astype(int)
    assert small.y.astype(str).tolist() == y.iloc[places].tolist()
    assert small.X["amount"].tolist() == table["amount"].iloc[places].tolist()
    pd.testing.assert_frame_equal(small.X, thin(RealTable("toy", table, y), 20).X)
