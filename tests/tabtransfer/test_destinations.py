import errno
import os

import pytest

from tabtransfer import destinations
from tabtransfer.destinations import check_file, check_folder, describe_write_error
from tabtransfer.errors import TabTransferError


def test_what_can_be_written_is_left_as_it_was(tmp_path):
    (tmp_path / "old").write_text("kept")
    check_file(tmp_path / "old", "--out", [tmp_path / "absent"])
    check_file(tmp_path / "a" / "b" / "new", "--out")
    check_folder(tmp_path / "c" / "d", "--out", ["report.html"])
    assert [file.name for file in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "kept"


def test_files_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path, "is a folder: give --out the name of a file"),
        (tmp_path / "file" / "model", "file is no folder. Give another name"),
        (tmp_path / "pipe", "it is a device or a pipe"),
        (tmp_path / ("x" * 300), "can't be written: File name too long"),
    ):
        with pytest.raises(TabTransferError, match=message):
            check_file(path, "--out")
    with pytest.raises(TabTransferError, match="is a file that is read"):
        check_file(tmp_path / "file", "--out", [tmp_path / "file"])


def test_folders_that_cannot_be_written_are_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "r" / "report.html").mkdir(parents=True)
    with pytest.raises(TabTransferError, match="file is a file: give the name of a folder"):
        check_folder(tmp_path / "file", "--out")
    with pytest.raises(TabTransferError, match=r"report\.html is a folder, where a file is"):
        check_folder(tmp_path / "r", "--out", ["report.html"])


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "the disk is full. Make room"), (errno.EROFS, "Read-only file system")],
)
def test_the_reason_is_the_systems(tmp_path, monkeypatch, number, message):
    def fail(**options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(destinations.tempfile, "NamedTemporaryFile", fail)
    with pytest.raises(TabTransferError, match=message):
        check_folder(tmp_path, "--out")


def test_other_errors_are_not_said_to_be_of_writing():
    assert describe_write_error(OSError(errno.ECONNREFUSED, "refused")) is None
    assert "permission denied. Give another place" in describe_write_error(
        PermissionError(errno.EACCES, "Permission denied", "r/report.html")
    )
