import signal
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from tabtransfer.batch_prediction.writer import table_writer
from tabtransfer.errors import TabTransferError

READERS = {
    "t.csv": pd.read_csv,
    "t.csv.gz": pd.read_csv,
    "t.parquet": pd.read_parquet,
    "t.feather": pd.read_feather,
}


@pytest.mark.parametrize("name", READERS)
def test_pieces_become_one_table(tmp_path, name):
    words = ["plain", "a, b", 'say "no"', "two\nlines", "", "é"]
    with table_writer(tmp_path / name) as write:
        write(pa.table({"word": words, "number": [0.1 * i for i in range(6)]}))
        assert not (tmp_path / name).exists()
        write(pa.table({"word": ["last"], "number": [1]}))
    found = READERS[name](tmp_path / name, **({"keep_default_na": False} if "csv" in name else {}))
    assert found["word"].tolist() == [*words, "last"]
    assert found["number"].tolist() == [0.1 * i for i in range(6)] + [1.0]


def test_a_failure_leaves_the_file_before(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("before")

    def fail():
        with table_writer(path) as write:
            write(pa.table({"a": [1]}))
            write(pa.table({"a": ["word"]}))

    with pytest.raises(TabTransferError, match=r"t\.csv can't hold the result"):
        fail()
    assert path.read_text() == "before" and len(list(tmp_path.iterdir())) == 1


def test_a_kill_leaves_the_file_before(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_text("before")
    code = f"""
import os, signal, pathlib, pyarrow
from tabtransfer.batch_prediction.writer import table_writer
with table_writer(pathlib.Path({str(path)!r})) as write:
    write(pyarrow.table({{"a": [1]}}))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -signal.SIGKILL
    assert path.read_text() == "before"


def test_unknown_kinds_are_refused_at_once(tmp_path):
    path = tmp_path / "t.xls"
    with pytest.raises(TabTransferError, match="no suffix of a table"), table_writer(path):
        pass
