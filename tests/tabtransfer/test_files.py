import errno
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.files import replacing


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


def test_threads_that_write_one_file_each_write_a_whole_one(tmp_path):
    path = tmp_path / "file"

    def write(letter):
        with replacing(path) as partial, partial.open("w") as file:
            for _ in range(50):
                file.write(letter * 1000)
                file.flush()
        return path.read_text()

    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(write, "abcd" * 10))
    assert {(len(text), len(set(text))) for text in read} == {(50_000, 1)}
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="permissions and links as POSIX has them")
class TestPosix:
    def test_permissions_are_kept_and_nothing_is_more_open_on_the_way(self, tmp_path):
        path = tmp_path / "file"
        path.touch(0o600)
        with replacing(path) as partial:
            partial.write_text("secret")
            assert stat.S_IMODE(partial.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_new_file_has_the_permissions_of_any_new_file(self, tmp_path):
        (tmp_path / "other").touch()
        with replacing(tmp_path / "file"):
            pass
        modes = {file.stat().st_mode for file in tmp_path.iterdir()}
        assert len(modes) == 1

    def test_of_a_link_the_file_that_it_names_is_replaced(self, tmp_path):
        (tmp_path / "file").write_text("old")
        (tmp_path / "link").symlink_to("file")
        with replacing(tmp_path / "link") as partial:
            partial.write_text("new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_text() == "new"

    def test_pipes_and_folders_are_refused(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "folder").mkdir()
        for name in ("pipe", "folder"):
            with pytest.raises(TabTransferError, match=f"is a {name}"), replacing(tmp_path / name):
                pytest.fail("the work has begun")
        assert sorted(file.name for file in tmp_path.iterdir()) == ["folder", "pipe"]

    def test_a_folder_that_is_a_file_is_said_before_the_work(self, tmp_path):
        (tmp_path / "file").touch()
        refused = pytest.raises(TabTransferError, match="can't be written: File exists")
        with refused, replacing(tmp_path / "file" / "other"):
            pytest.fail("the work has begun")

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_that_ends_the_program_removes_what_was_written(self, tmp_path, number):
        script = (
            "import os, signal, sys\n"
            "signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup has ignored\n"
            "from tabtransfer.files import replacing\n"
            "with replacing(sys.argv[1]) as partial:\n"
            "    partial.write_text('half')\n"
            "    os.kill(os.getpid(), int(sys.argv[2]))\n"
        )
        path = tmp_path / "file"
        path.write_text("old")
        done = subprocess.run([sys.executable, "-c", script, str(path), str(int(number))])
        assert done.returncode == -number
        assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("file", "old")]


@pytest.mark.parametrize("named", [True, False])
def test_an_error_in_writing_names_the_file(tmp_path, named):
    path = tmp_path / "report.html"
    with pytest.raises(OSError) as raised, replacing(path) as partial:
        names = (str(partial),) if named else ()
        raise OSError(errno.ENOSPC, "No space left on device", *names)
    assert raised.value.filename == str(path)
