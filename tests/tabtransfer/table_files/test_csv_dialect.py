import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.csv_dialect import CsvDialect, read_dialect


@pytest.mark.parametrize(
    ("text", "separator", "decimal"),
    [
        ("a,b\n1,2\n", ",", "."),
        ("a;b\n1,5;2\n", ";", ","),
        ("a;b\n1.5;2\n", ";", "."),
        ("a;b\n1.500;2,5\n", ";", ","),
        ("a\tb\n1,5\t2\n", "\t", ","),
        ("a\n1\n2\n", ",", "."),
        ("text\nx; y\nz; w\n", ",", "."),
        ("a,b\nx; y,1\nz; w,2\n", ",", "."),
        ('a,b\n"1;2\n3;4",5\n', ",", "."),
        ("a,b\n1,2\n3\n", ",", "."),
        ("a;b\n", ";", "."),
    ],
)
def test_the_first_rows_tell_separator_and_decimals(tmp_path, text, separator, decimal):
    (tmp_path / "t.csv").write_text(text)
    assert read_dialect(tmp_path / "t.csv") == CsvDialect(separator, "utf-8", decimal)


def test_bytes_late_in_a_file_tell_the_encoding(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"1,2\n" * 400_000 + "é,ü\n".encode("cp1252"))
    assert read_dialect(tmp_path / "t.csv").encoding == "cp1252"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"separator": ";;"}, "--sep takes one character"),
        ({"decimal": "x"}, "--decimal takes"),
        ({"encoding": "klingon"}, "--encoding klingon is unknown"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(TabTransferError, match=message):
        CsvDialect(**settings)


def test_a_wrong_encoding_is_named_with_a_way_out(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,b\né,2\n".encode("cp1252"))
    with pytest.raises(TabTransferError, match=r"no text in utf-8.*--encoding cp1252"):
        read_dialect(tmp_path / "t.csv", CsvDialect(encoding="utf-8"))
