import io
import json
import subprocess
import sys
from functools import cache, partial

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tabtransfer.cli import app
from tabtransfer.datasets import fingerprints, suites
from tabtransfer.datasets.fingerprints import fingerprint
from tabtransfer.datasets.suites import load_table
from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.real_tables.packed_tables import PackedTables, pack_tables
from tabtransfer.pretrain.real_tables.real_tasks import NumericTable
from tabtransfer.pretrain.real_tables.training_tables import read_tables


@pytest.fixture(scope="module", autouse=True)
def suites_are_fingerprinted_once():
    """Fingerprint the suites' tables for the first packing alone, which takes seconds."""
    names = {name for suite in suites.SUITES.values() for name in suite}
    known = {}

    def remembering(name, frame):
        if name not in names:
            return fingerprint(name, frame)
        if name not in known:
            known[name] = fingerprint(name, frame)
        return known[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprints, "fingerprint", remembering)
        patch.setattr(suites, "load_table", cache(load_table))
        yield


# A folder states no licence.
pack_own = partial(pack_tables, allow_unstated=True)


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


@pytest.mark.slow
def test_unfit_and_measured_tables_are_left_out_and_reported(manifest):
    report = io.StringIO()
    packed = pack_tables(manifest, report=report)
    assert [table["name"] for table in packed.provenance] == ["good"]
    assert packed.provenance[0]["licence"] == "CC BY 4.0"
    text = report.getvalue()
    assert "refused 'vino'" in text and "'wine'" in text
    with pytest.raises(TabTransferError, match="1 left out by name"):
        pack_tables(manifest, without=["good"], report=report)
    assert "1 real tables" in text and "2 under 100" in text
    assert "1 without a stated licence (--allow-unstated takes them)" in text
    assert "1 under a licence that isn't known to permit use" in text


@pytest.mark.slow
def test_tables_without_a_stated_licence_are_taken_only_where_that_is_said(manifest, tmp_path):
    report = io.StringIO()
    packed = pack_own(manifest, report=report)
    assert [table["name"] for table in packed.provenance] == ["good", "unlicensed"]
    assert "2 real tables to train on, 1 without a stated licence" in report.getvalue()
    (tmp_path / "own").mkdir()
    some_table().to_parquet(tmp_path / "own" / "mine.parquet")
    with pytest.raises(TabTransferError, match="1 without a stated licence"):
        pack_tables(tmp_path / "own", report=report)
    assert pack_own(tmp_path / "own", report=report).provenance[0]["licence"] == "not stated"
    read_tables(tmp_path / "own")


def test_names_are_dropped_and_the_target_is_found(tmp_path):
    some_table()[["name", "a", "b", "c", "d", "kind"]].to_parquet(tmp_path / "own.parquet")
    packed = pack_own(tmp_path)
    table = packed.tables[0]
    assert table.values.shape == (150, 5)  # the name is dropped
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
    packed = pack_own(tmp_path / "train", tmp_path / "watch")
    assert [table["name"] for table in packed.provenance] == ["one"]
    everything = tmp_path / "all.tables"
    pack_own(tmp_path / "train").save(everything)
    with pytest.raises(TabTransferError, match="'other' is among the packed tables"):
        read_tables(everything, tmp_path / "watch")


def test_a_file_gives_back_what_was_packed(manifest, tmp_path):
    packed = pack_tables(manifest)
    packed.save(tmp_path / "all.tables")
    again = read_tables(tmp_path / "all.tables")
    assert (again.provenance, again.guard) == (packed.provenance, packed.guard)
    for before, after in zip(packed.tables, again.tables, strict=True):
        assert (before.name, before.target) == (after.name, after.target)
        for name in ("categorical", "copies"):
            assert getattr(before, name).tolist() == getattr(after, name).tolist()
        np.testing.assert_array_equal(after.values, before.values)


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
    with pytest.raises(TabTransferError, match=r"holds no \.parquet file"):
        pack_tables(tmp_path / "none")


@pytest.mark.slow
def test_packed_tables_are_read_without_pandas(manifest, tmp_path):
    pack_tables(manifest).save(tmp_path / "all.tables")
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from pathlib import Path\n"
        "from tabtransfer.pretrain.real_tables.training_tables import read_tables\n"
        "from tabtransfer.pretrain.real_tables.real_tasks import RealTasks\n"
        f"print(len(RealTasks(read_tables(Path({str(tmp_path / 'all.tables')!r})).tables).tables))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "1\n", done.stderr


def test_the_command_writes_a_file(manifest, tmp_path):
    out = tmp_path / "all.tables"
    done = CliRunner().invoke(app, ["pack-tables", str(manifest), str(out)], catch_exceptions=False)
    assert "MiB" in done.stdout and "refused 'vino'" in done.stderr
    assert len(PackedTables.load(out).tables) == 1


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
    """Return a suite's table with other names, units and order of rows."""
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
    return [table["name"] for table in packed.provenance]


def test_tables_come_back_bit_by_bit(folder, tmp_path):
    packed = pack_own(folder)
    file = tmp_path / "real.tables"
    packed.save(file)
    read = PackedTables.load(file)
    assert (read.provenance, read.guard) == (packed.provenance, packed.guard)
    for before, after in zip(packed.tables, read.tables, strict=True):
        assert (after.name, after.target) == (before.name, before.target)
        assert after.values.dtype == np.float32
        assert after.values.tobytes() == before.values.tobytes()
        np.testing.assert_array_equal(after.categorical, before.categorical)


def test_numbers_and_codes_are_those_of_the_table(folder):
    table = pack_own(folder).tables[0]
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
    packed = pack_own(folder)
    assert names(packed) == ["shop-0", "shop-1"]
    assert packed.provenance[0]["fingerprint"] == fingerprint("shop-0", shop(0)).to_text()
    assert {"iris", "crime1"} <= set(packed.guard)


@pytest.mark.parametrize("name", ["iris", "cars", "diabetes"])
def test_suite_table_is_refused_under_another_name(folder, name):
    disguised(name).to_parquet(folder / "flowers.parquet")
    said = io.StringIO()
    assert names(pack_own(folder, report=said)) == ["shop-0", "shop-1"]
    assert "refused 'flowers'" in said.getvalue() and repr(name) in said.getvalue()


def test_subset_of_a_validation_table_is_refused(folder, tmp_path):
    validation = tmp_path / "validation"
    validation.mkdir()
    whole = pd.concat([shop(0), shop(7, n_rows=500)])
    whole.to_parquet(validation / "market.parquet")
    assert names(pack_own(folder, validation, report=io.StringIO())) == ["shop-1"]


def test_long_and_wide_tables_are_cut_and_keep_their_target(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(2500, 70))).rename(columns=str)
    frame.assign(kind=frame["0"] > 0).to_parquet(tmp_path / "wide.parquet")
    table = pack_own(tmp_path).tables[0]
    assert table.values.shape == (2000, 60)
    assert table.target == 0 and table.categorical[0]


def test_command_packs_and_says_what(folder, tmp_path):
    disguised("iris").to_parquet(folder / "flowers.parquet")
    out = tmp_path / "new" / "real.tables"
    done = CliRunner().invoke(
        app, ["pack-tables", str(folder), str(out), "--allow-unstated"], catch_exceptions=False
    )
    assert names(PackedTables.load(out)) == ["shop-0", "shop-1"]
    said = done.stdout + done.stderr
    assert "refused 'flowers'" in said
    assert "2 tables, 300 rows, 12 columns" in said and "MiB" in said
    assert "2  not stated" in said


class TestFilesThatLie:
    @pytest.fixture
    def packed(self, tmp_path):
        cells = np.arange(12, dtype=np.float32).reshape(4, 3)
        table = NumericTable("t", cells, np.array([False, True, False]), 2, np.arange(3))
        origin = {"name": "t", "source": "here", "licence": "MIT", "fingerprint": "f"}
        path = tmp_path / "packed.tables"
        PackedTables((table,), (origin,), ("iris",)).save(path)
        return path

    @pytest.mark.parametrize(
        "change",
        [
            {"shapes": [[4, 4]]},
            {"shapes": [[-4, -3]]},
            {"shapes": 3},
            {"shapes": []},
            {"cards": [{"name": "t"}]},
            {"cards": ["t"]},
            {"cards": [{"name": 3, "source": "", "licence": "", "fingerprint": ""}]},
            {"categorical": [[True]]},
            {"targets": [3]},
            {"targets": ["c"]},
            {"copies": [[0]]},
            {"copies": [[0], [1]]},
            {"guard": None},
            {"guard": [3]},
        ],
        ids=str,
    )
    def test_records(self, packed, change):
        assert PackedTables.load(packed).tables[0].values[3, 2] == 11
        with np.load(packed) as file:
            record, cells = json.loads(file["record"].tobytes()), file["cells"]
        text = json.dumps({**record, **change}).encode()
        with packed.open("wb") as file:
            np.savez_compressed(file, record=np.frombuffer(text, np.uint8), cells=cells)
        with pytest.raises(TabTransferError, match=r"holds no packed tables \(\w+: .*pack-tables"):
            PackedTables.load(packed)

    def test_archives_that_unfold(self, packed):
        with packed.open("wb") as file:
            np.savez_compressed(
                file, record=np.zeros(1, np.uint8), cells=np.zeros(10**7, np.uint32)
            )
        with pytest.raises(TabTransferError, match="unfolds to 40,000"):
            PackedTables.load(packed)

    @pytest.mark.parametrize("size", [0, 10, 300])
    def test_halves(self, packed, size):
        packed.write_bytes(packed.read_bytes()[:size])
        with pytest.raises(TabTransferError, match="holds no packed tables"):
            PackedTables.load(packed)
