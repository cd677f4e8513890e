import pandas as pd
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.reader import Source
from tabtransfer.table_files.training_table import read_training_table


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_files_together_are_one_table(frame, tmp_path, name):
    files = [tmp_path / f"{index}{name}" for index in range(2)]
    for file, rows in zip(files, (frame[:25], frame[25:]), strict=True):
        write = rows.to_csv if name == "t.csv" else rows.to_parquet
        write(file, index=False)
    table = read_training_table(files, "kind", drop=["id"])
    expected = frame.drop(columns=["id", "kind"])
    pd.testing.assert_frame_equal(table.X, expected, check_dtype=name != "t.csv")
    assert table.y.tolist() == frame["kind"].tolist()
    assert (table.task, table.reason) == ("classification", "it holds words")
    # A column is what all of its cells are, in whichever file they stand.
    assert read_training_table(files, "kind").X["word"].dtype == "str"


def test_whole_number_classes_are_integers_and_rows_without_target_are_left_out(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,y\n1,0\n2,1\n3,\n4,0\n5,NA\n")
    table = read_training_table([path], "y")
    assert table.X["a"].tolist() == [1, 2, 4] and table.n_without_target == 2
    assert table.y.dtype == "int64" and table.task == "classification"
    asked = read_training_table([path], "y", task="regression")
    assert (asked.task, asked.reason) == ("regression", "") and asked.y.dtype == "float64"


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        ("a,b\n1,2\n", {"target": "y"}, r"t\.csv has no column 'y'; it has 'a', 'b'"),
        ("a,y\n1,2\n", {"target": "y", "drop": ["z"]}, "no column 'z'"),
        ("a,y\n1,2\n", {"target": "y", "drop": ["a"]}, "no column left to learn 'y' from"),
        ("a,y\n1,2\n", {"target": "y", "drop": ["y"]}, "no column left"),
        ("a,y\n", {"target": "y"}, "holds no rows"),
        ("a,y\n1,\n", {"target": "y"}, "'y' is missing in all rows"),
        ("a,y\n1,x\n2,x\n3,\n", {"target": "y"}, "'y' has the same value in all rows .*'x'"),
    ],
)
def test_bad_tables_are_named(tmp_path, content, settings, message):
    (tmp_path / "t.csv").write_text(content)
    with pytest.raises(TabTransferError, match=message):
        read_training_table([tmp_path / "t.csv"], **settings)


def test_files_whose_types_clash_are_named(tmp_path):
    pd.DataFrame({"a": [1], "y": [1]}).to_parquet(tmp_path / "0.parquet")
    pd.DataFrame({"a": ["x"], "y": [1]}).to_parquet(tmp_path / "1.parquet")
    with pytest.raises(TabTransferError, match=r"types of columns differ between .*0\.parquet"):
        read_training_table([tmp_path / "0.parquet", tmp_path / "1.parquet"], "y")


def test_what_pandas_saved_as_index_is_a_column_or_left_out(tmp_path):
    frame = pd.DataFrame({7: [1.5, 2.5, 4.0], "y": ["u", "v", "u"]})
    path = tmp_path / "t.parquet"
    frame.set_index("y").to_parquet(path)
    table = read_training_table([path], "y")
    assert table.y.tolist() == ["u", "v", "u"] and table.X.columns.tolist() == ["7"]
    frame.set_index(pd.Index([4, 2, 9])).to_parquet(path)
    table = read_training_table([path], "y")
    assert table.X.columns.tolist() == ["7"]
    assert "saved index that numbers the rows: '__index_level_0__'" in table.notes[0]
    columns = pd.MultiIndex.from_tuples([("a", "x"), ("y", "")])
    pd.DataFrame([[1, "u"], [2, "v"]], columns=columns).to_parquet(path)
    assert read_training_table([path], "('y', '')").X.columns.tolist() == ["('a', 'x')"]


def test_a_saved_index_of_csv_is_left_out_and_words_are_not(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(",a,y\n0,5,u\n1,6,v\n")
    assert read_training_table([path], "y").X.columns.tolist() == ["a"]
    path.write_text("Unnamed: 0,a,y\nshop,5,u\ntown,6,v\n")
    assert read_training_table([path], "y").X.columns.tolist() == ["Unnamed: 0", "a"]


def test_files_of_other_dialects_give_the_same_table(tmp_path):
    (tmp_path / "a.csv").write_text("größe,y\n1.5,u\n1000.25,v\n")
    (tmp_path / "b.csv").write_bytes("größe;y\n1,5;u\n1.000,25;v\n".encode("cp1252"))
    plain, other = (read_training_table([tmp_path / f"{name}.csv"], "y") for name in "ab")
    pd.testing.assert_frame_equal(plain.X, other.X)
    assert plain.notes == ()
    assert other.notes[0].endswith(
        "semicolons between cells, in cp1252, with decimal commas; --sep, --encoding and --decimal "
        "overrule it."
    )


def test_parts_of_a_name_with_a_comma_are_told_how_to_write_it(tmp_path):
    (tmp_path / "t.csv").write_text('"size, m2",y\n1,u\n2,v\n')
    message = r"""no column 'size'.* in double quotes: '"size, m2"'"""
    with pytest.raises(TabTransferError, match=message):
        read_training_table([tmp_path / "t.csv"], "y", drop=["size", "m2"])
    with pytest.raises(TabTransferError, match=r"lacks the columns 'm2'.*in double quotes"):
        Source.of([tmp_path / "t.csv"], ["m2"])
