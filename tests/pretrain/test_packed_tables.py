"""Nothing that is measured on gets into the packed tables, and what gets in stays as it was."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tabtransfer.datasets.fingerprints import Fingerprint, fingerprint
from tabtransfer.datasets.suites import load_table
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.packed_tables import PackedTables, pack_tables, read_tables


def shop(seed: int = 0, n_rows: int = 150) -> pd.DataFrame:
    """Make a table of numbers, text and missing cells, its target last."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(n_rows, 3)).round(6), columns=list("abc"))
    frame["size"] = random.choice(["s", "m", "l"], n_rows)
    frame["count"] = random.poisson(3, n_rows)
    frame.loc[::7, ["b", "size"]] = np.nan
    frame["sold"] = np.where(frame["a"] > 0, "yes", "no")
    return frame


def disguised(name: str) -> pd.DataFrame:
    """Give a suite's table with other names, units and order of rows."""
    table = load_table(name)
    numbers = 2.5 * table.X.select_dtypes("number")
    frame = numbers.assign(target=table.y).sample(frac=1.0, random_state=0)
    return frame.set_axis([f"v{place}" for place in range(frame.shape[1])], axis=1)


@pytest.fixture
def folder(tmp_path):
    """Make a corpus of two tables."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for seed in range(2):
        shop(seed).to_parquet(corpus / f"shop-{seed}.parquet")
    return corpus


def names(packed: PackedTables) -> list[str]:
    return [card["name"] for card in packed.cards]


def test_tables_come_back_bit_by_bit(folder, tmp_path):
    packed = pack_tables(folder)
    file = tmp_path / "real.tables"
    packed.save(file)
    read = PackedTables.load(file)
    assert (read.cards, read.guard) == (packed.cards, packed.guard)
    for before, after in zip(packed.tables, read.tables, strict=True):
        assert (after.name, after.target) == (before.name, before.target)
        assert after.values.dtype == np.float32
        assert after.values.tobytes() == before.values.tobytes()
        np.testing.assert_array_equal(after.categorical, before.categorical)


def test_numbers_and_codes_are_those_of_the_table(folder):
    table = pack_tables(folder).tables[0]
    frame = shop(0)
    assert table.values.shape == (150, 6)
    # The target comes first, then the columns in their order; rows are shuffled.
    assert table.target == 0 and table.categorical.tolist() == [True, *3 * [False], True, False]
    assert np.isnan(table.values).sum() == frame.isna().sum().sum()
    counts = np.unique(table.values[:, 0], return_counts=True)[1]
    assert counts.tolist() == frame["sold"].value_counts().sort_index().tolist()
    a = np.sort(table.values[:, 1]) - np.median(table.values[:, 1])
    steps = np.sort(frame["a"]) - frame["a"].median()
    assert np.corrcoef(a, steps)[0, 1] > 0.999999
    sold = table.values[:, 0] == 1  # yes, after no
    assert table.values[sold, 1].min() > table.values[~sold, 1].max()


def test_cards_hold_the_fingerprint_of_the_whole_table(folder):
    packed = pack_tables(folder)
    assert names(packed) == ["shop-0", "shop-1"]
    mark = fingerprint("shop-0", shop(0))
    assert Fingerprint.from_text(packed.cards[0]["fingerprint"], mark.sketches) == mark
    assert {"iris", "crime1"} <= set(packed.guard)


@pytest.mark.parametrize("name", ["iris", "cars", "diabetes"])
def test_suite_table_is_refused_under_another_name(folder, name):
    disguised(name).to_parquet(folder / "flowers.parquet")
    said = io.StringIO()
    assert names(pack_tables(folder, report=said)) == ["shop-0", "shop-1"]
    assert "refused 'flowers'" in said.getvalue() and repr(name) in said.getvalue()


def test_validation_table_is_refused(folder, tmp_path):
    validation = tmp_path / "validation"
    validation.mkdir()
    frame = shop(1).sample(frac=1.0, random_state=0)
    frame.set_axis(list("uvwxyz"), axis=1).to_parquet(validation / "market.parquet")
    said = io.StringIO()
    packed = pack_tables(folder, validation, said)
    assert names(packed) == ["shop-0"]
    assert "refused 'shop-1'" in said.getvalue() and "market (validation)" in said.getvalue()
    assert packed.guard[-1] == "market (validation)"


def test_subset_of_a_validation_table_is_refused(folder, tmp_path):
    validation = tmp_path / "validation"
    validation.mkdir()
    whole = pd.concat([shop(0), shop(7, n_rows=500)])
    whole.to_parquet(validation / "market.parquet")
    assert names(pack_tables(folder, validation, io.StringIO())) == ["shop-1"]


def test_packed_file_that_holds_a_validation_table_is_refused(folder, tmp_path):
    file = tmp_path / "real.tables"
    pack_tables(folder).save(file)
    validation = tmp_path / "validation"
    validation.mkdir()
    shop(5).to_parquet(validation / "other.parquet")
    assert names(read_tables(file, validation)) == ["shop-0", "shop-1"]
    shop(1).to_parquet(validation / "market.parquet")
    with pytest.raises(TabTransferError, match=r"'market'.*'shop-1'.*--validation"):
        read_tables(file, validation)


def test_small_and_empty_tables_are_left_out(folder):
    shop(2, n_rows=99).to_parquet(folder / "short.parquet")
    shop(3)[["a", "b", "c", "sold"]].to_parquet(folder / "narrow.parquet")
    useless = shop(4)[["a", "b", "c", "sold"]].assign(
        flat=1.0, empty=np.nan, key=[f"row {place}" for place in range(150)]
    )
    useless.to_parquet(folder / "useless.parquet")
    assert names(pack_tables(folder)) == ["shop-0", "shop-1"]
    for file in folder.glob("shop-*.parquet"):
        file.unlink()
    with pytest.raises(TabTransferError, match=r"no table of .* may be trained on"):
        pack_tables(folder)


def test_long_and_wide_tables_are_cut_and_keep_their_target(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(2500, 70))).rename(columns=str)
    frame.assign(kind=frame["0"] > 0).to_parquet(tmp_path / "wide.parquet")
    table = pack_tables(tmp_path).tables[0]
    assert table.values.shape == (2000, 60)
    assert table.target == 0 and table.categorical[0]


def test_manifest_needs_a_licence_but_no_target(tmp_path):
    entries = []
    licences = {"free": "CC BY 4.0", "silent": None, "closed": "repo states no licence; UCI"}
    for seed, (name, licence) in enumerate(licences.items()):
        shop(seed).to_parquet(tmp_path / f"{name}.parquet")
        entries.append(
            {"name": name, "file": f"{name}.parquet", "licence": licence, "source": "somewhere"}
        )
    manifest = tmp_path / "tables.json"
    manifest.write_text(json.dumps(entries))
    packed = read_tables(manifest)
    assert names(packed) == ["free"]
    assert packed.tables[0].target == -1
    card = packed.cards[0]
    assert (card["licence"], card["source"]) == ("CC BY 4.0", "somewhere")


def test_another_file_is_an_error(tmp_path, small_checkpoint):
    with pytest.raises(TabTransferError, match="no packed tables"):
        read_tables(small_checkpoint)


def test_command_packs_and_says_what(folder, tmp_path):
    disguised("iris").to_parquet(folder / "flowers.parquet")
    out = tmp_path / "new" / "real.tables"
    command = [sys.executable, "-m", "tabtransfer", "pack-tables", str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert names(PackedTables.load(out)) == ["shop-0", "shop-1"]
    said = done.stdout + done.stderr
    assert "refused 'flowers'" in said
    assert "2 tables, 300 rows, 12 columns" in said and "MiB" in said
    assert "2  not stated" in said
