import io
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from tabtransfer.datasets import suites
from tabtransfer.datasets.suites import load_table
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.packed_tables import PackedTables, pack_tables, read_tables


def some_table(seed=0, n_rows=150):
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(generator.normal(size=(n_rows, 5)), columns=list("abcde"))
    return frame.assign(
        kind=generator.choice(["x", "y", None], n_rows), name=[f"n{i}" for i in range(n_rows)]
    )


def write_manifest(folder, tables):
    entries = []
    for name, (frame, licence) in tables.items():
        frame.to_parquet(folder / f"{name}.parquet")
        entry = {"name": name, "file": f"{name}.parquet", "target": None, "task": None}
        entries.append({**entry, "licence": licence, "source": f"somewhere:{name}"})
    (folder / "tables.json").write_text(json.dumps(entries))
    return folder / "tables.json"


@pytest.fixture
def manifest(tmp_path):
    wine = load_table("wine")
    return write_manifest(
        tmp_path,
        {
            "good": (some_table(0), "CC BY 4.0"),
            "vino": (wine.X.sample(frac=1.0, random_state=0).reset_index(drop=True), "MIT"),
            "unlicensed": (some_table(1), "repo states no licence; package is MIT"),
            "closed": (some_table(2), "CC BY-NC 4.0"),
            "short": (some_table(3, 60), "CC0"),
            "narrow": (some_table(4)[["a", "b", "kind", "name"]], "CC0"),
        },
    )


def test_unfit_and_measured_tables_are_left_out_and_reported(manifest):
    report = io.StringIO()
    packed = pack_tables(manifest, report=report)
    assert [card["name"] for card in packed.cards] == ["good"]
    assert packed.cards[0]["licence"] == "CC BY 4.0"
    text = report.getvalue()
    assert "refused 'vino'" in text and "'wine'" in text
    assert "1 real tables" in text and "2 no permissive licence" in text and "2 under 100" in text


def test_names_are_dropped_and_the_target_is_found(tmp_path):
    some_table()[["name", "a", "b", "c", "d", "kind"]].to_parquet(tmp_path / "own.parquet")
    packed = pack_tables(tmp_path)
    table = packed.tables[0]
    assert table.values.shape == (150, 5)  # a folder's tables need no licence; the name is dropped
    assert table.categorical.tolist() == [True, False, False, False, False]
    assert table.target == 0
    assert np.isnan(table.values[:, 0]).sum() == some_table()["kind"].isna().sum()


def test_validation_tables_are_kept_out(tmp_path):
    for name in ("train", "watch"):
        (tmp_path / name).mkdir()
    some_table(0).to_parquet(tmp_path / "train" / "one.parquet")
    some_table(1).to_parquet(tmp_path / "train" / "two.parquet")
    renamed = some_table(1).rename(columns=str.upper)
    renamed.to_parquet(tmp_path / "watch" / "other.parquet")
    packed = pack_tables(tmp_path / "train", tmp_path / "watch")
    assert [card["name"] for card in packed.cards] == ["one"]
    everything = tmp_path / "all.tables"
    pack_tables(tmp_path / "train").save(everything)
    with pytest.raises(TabTransferError, match="'other' is among the packed tables"):
        read_tables(everything, tmp_path / "watch")


def test_a_file_gives_back_what_was_packed(manifest, tmp_path):
    packed = pack_tables(manifest)
    packed.save(tmp_path / "all.tables")
    again = read_tables(tmp_path / "all.tables")
    assert (again.cards, again.guard) == (packed.cards, packed.guard)
    for before, after in zip(packed.tables, again.tables, strict=True):
        assert (before.name, before.target) == (after.name, after.target)
        for name in ("categorical", "copies"):
            assert getattr(before, name).tolist() == getattr(after, name).tolist()
        np.testing.assert_allclose(after.values, before.values, rtol=2e-4)
        codes = before.categorical
        np.testing.assert_array_equal(after.values[:, codes], before.values[:, codes])


def test_a_suite_that_grew_asks_for_packing_again(manifest, tmp_path, monkeypatch):
    pack_tables(manifest).save(tmp_path / "all.tables")
    monkeypatch.setitem(suites.SUITES, "new", ("brand_new",))
    with pytest.raises(TabTransferError, match=r"brand_new.*pack them again"):
        read_tables(tmp_path / "all.tables")


def test_a_suite_that_cannot_be_loaded_stops_packing(manifest, monkeypatch):
    monkeypatch.setitem(suites.SUITES, "new", ("brand_new",))
    with pytest.raises(TabTransferError, match=r"can't be compared.*brand_new"):
        pack_tables(manifest)


def test_other_files_and_empty_corpora_are_refused(manifest, tmp_path):
    (tmp_path / "junk.tables").write_bytes(b"no archive")
    with pytest.raises(TabTransferError, match="pack-tables"):
        PackedTables.load(tmp_path / "junk.tables")
    with pytest.raises(TabTransferError, match="pack-tables"):
        read_tables(tmp_path / "nowhere.tables")
    (tmp_path / "none").mkdir()
    with pytest.raises(TabTransferError, match="no table of"):
        pack_tables(tmp_path / "none")


def test_packed_tables_are_read_without_pandas(manifest, tmp_path):
    pack_tables(manifest).save(tmp_path / "all.tables")
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from pathlib import Path\n"
        "from tabtransfer.pretrain.packed_tables import read_tables\n"
        "from tabtransfer.pretrain.real_tasks import RealTasks\n"
        f"print(len(RealTasks(read_tables(Path({str(tmp_path / 'all.tables')!r})).tables).tables))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


def test_the_command_writes_a_file(manifest, tmp_path):
    out = tmp_path / "all.tables"
    command = [sys.executable, "-m", "tabtransfer", "pack-tables", str(manifest), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "MiB" in done.stdout and "refused 'vino'" in done.stderr
    assert len(PackedTables.load(out).tables) == 1
