import gzip
import struct

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tabtransfer.table_files.reader
from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.csv_dialect import CsvDialect
from tabtransfer.table_files.reader import Source, read_part


def write(frame, path):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if path.name.endswith((".csv", ".gz")):
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=7)
    else:
        new = pa.ipc.new_stream if path.stem == "stream" else pa.ipc.new_file
        with new(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=9)


def read(source, columns, n_rows=8):
    pieces = [list(read_part(part, columns, n_rows)) for part in source.parts]
    for own in pieces:
        assert all(piece.num_rows == n_rows for piece in own[:-1])
    return pa.concat_tables([piece for own in pieces for piece in own])


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.parquet", "t.feather", "stream.arrow"])
def test_every_kind_comes_in_pieces_and_in_order(frame, tmp_path, monkeypatch, name):
    monkeypatch.setattr(tabtransfer.table_files.reader, "_BLOCK_BYTES", 300)
    monkeypatch.setattr(tabtransfer.table_files.reader, "_PART_ROWS", 20)
    write(frame, tmp_path / name)
    source = Source.of([tmp_path / name], ["id"])
    assert source.columns == tuple(frame.columns)
    assert len(source.parts) == (3 if name == "t.parquet" else 1)
    found = read(source, ["id", "word", "number"])
    assert found.column_names == ["id", "word", "number"]
    assert found["id"].to_pylist() == frame["id"].tolist()
    expected = [None if pd.isna(word) else word for word in frame["word"]]
    assert found["word"].to_pylist() == expected
    if "csv" in name:
        assert {str(column.type) for column in found.columns} == {"string"}
        numbers = [None if text is None else float(text) for text in found["number"].to_pylist()]
        assert numbers == [None if pd.isna(x) else x for x in frame["number"]]


def test_sizes_are_known_or_guessed(frame, tmp_path):
    plain = frame.drop(columns="word")
    sizes = {}
    for name in ("t.csv", "t.csv.gz", "t.parquet", "t.feather"):
        write(plain, tmp_path / name)
        sizes[name] = Source.of([tmp_path / name] * 2).n_rows
    assert sizes == {"t.csv": 120, "t.csv.gz": None, "t.parquet": 120, "t.feather": 120}


def test_columns_may_be_in_another_order_in_each_file(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("\ufeffy,z,x\n4,5,3\n", encoding="utf-8")
    source = Source.of([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert read(source, source.columns).to_pydict() == {"x": ["1", "3"], "y": ["2", "4"]}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", b"", r"t\.csv can't be read as csv: Empty"),
        ("t.csv", b"a,b,a\n1,2,3\n", r"several columns named 'a'"),
        ("t.csv", b"a&b\n1&2\n", r"lacks the columns 'a', 'b'; it has 'a&b'.*--sep"),
        ("t.csv", b"a;b\n1;2\n3\n", r"lacks the columns 'a', 'b'; it has 'a;b'.*--sep"),
        ("t.csv", b"a,b\n1,2\n3\n", r"can't be read as csv: .*Expected 2 columns, got 1.*--sep"),
        ("t.csv", "a,b\näöü,2\n".encode() + b"\xff,3\n", r"can't be read as csv: .*invalid UTF8"),
        ("t.csv", b'a,b\n1,"x\n2,y\n3,z\n', r"can't be read as csv: a quote .* in line 2 "),
        ("t.csv", b'a,b\n0,y\n1,"x\n2,"y"\n3,z\n', r"can't be read as csv: a quote .* in line 3 "),
        ("t.csv", b'a,b\n0,y\n1,"x\n2,y\n3,"z\n', r"can't be read as csv: a quote .* in line 3 "),
        ("t.csv.gz", gzip.compress(b"a,b\n1,2\n" * 999, mtime=0)[:40], r"can't be read as csv"),
        ("t.parquet", b"a,b\n1,2\n", r"can't be read as parquet"),
        ("t.arrow", b"a,b\n1,2\n", r"can't be read as arrow"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TabTransferError, match=message):
        read(Source.of([tmp_path / name], ["a", "b"]), ["a", "b"])


def test_files_without_rows_have_none(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    source = Source.of([tmp_path / "t.csv"])
    assert source.n_rows == 0 and list(read_part(source.parts[0], ["a"], 5)) == []
    pq.write_table(pa.table({"a": pa.array([], pa.int64())}), tmp_path / "t.parquet")
    assert Source.of([tmp_path / "t.parquet"]).n_rows == 0


@pytest.mark.parametrize("form", ["file", "stream"])
def test_a_damaged_arrow_file_is_an_error_and_no_crash(tmp_path, form):
    table = pa.table({"text": ["abc", "def", None], "number": [1, 2, 3]})
    new = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
    path = tmp_path / "t.arrow"
    with new(str(path), table.schema) as writer:
        writer.write_table(table)
    offsets = struct.pack("<4i", 0, 3, 6, 6)
    content = path.read_bytes()
    assert content.count(offsets) == 1
    path.write_bytes(content.replace(offsets, struct.pack("<4i", 0, 3, 2**30, 2**30)))
    with pytest.raises(TabTransferError, match=r"t\.arrow can't be read as arrow: "):
        source = Source.of([path])
        list(read_part(source.parts[0], ["text"], 10))


def cells_of(path, given=None):
    source = Source.of([path], given=given)
    return read(source, source.columns).to_pydict()


def test_a_quote_within_a_word_is_part_of_it(tmp_path):
    (tmp_path / "t.csv").write_text('a,b\n1,5" pipe\n2,plain\n')
    assert cells_of(tmp_path / "t.csv") == {"a": ["1", "2"], "b": ['5" pipe', "plain"]}


def test_an_empty_line_is_a_row_where_there_is_one_column(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1\n\n3\n")
    assert cells_of(tmp_path / "t.csv") == {"a": ["1", None, "3"]}
    (tmp_path / "t.csv").write_text("a,b\n1,2\n\n3,4\n")
    assert cells_of(tmp_path / "t.csv") == {"a": ["1", "3"], "b": ["2", "4"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv.gz"])
def test_separators_and_encodings_are_told_by_the_file(tmp_path, encoding, separator, name):
    text = separator.join(["größe", "wort"]) + "\n" + separator.join(["ä", "x"]) + "\n"
    content = text.encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert cells_of(tmp_path / name) == {"größe": ["ä"], "wort": ["x"]}


def test_what_is_given_overrules_the_file(tmp_path):
    (tmp_path / "t.csv").write_bytes("a;b,c\n1;é,3\n".encode())
    found = cells_of(tmp_path / "t.csv", CsvDialect(";", "cp1252"))
    assert found == {"a": ["1"], "b,c": ["Ã©,3"]}


def test_folders_of_partitions_are_columns(tmp_path):
    for year, place in (("2023", "a%20b"), ("2024", "__HIVE_DEFAULT_PARTITION__")):
        folder = tmp_path / f"year={year}" / f"place={place}"
        folder.mkdir(parents=True)
        pq.write_table(pa.table({"x": [1, 2]}), folder / "0.parquet")
    source = Source.of(sorted(tmp_path.glob("*/*/*.parquet")))
    assert source.columns == ("x", "year", "place")
    assert read(source, ["place", "year", "x"], 2).to_pydict() == {
        "place": ["a b", "a b", None, None],
        "year": ["2023", "2023", "2024", "2024"],
        "x": [1, 2, 1, 2],
    }
