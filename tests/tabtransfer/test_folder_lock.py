import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.folder_lock import alone_in, alone_with

HOLD = (
    "import sys\nfrom pathlib import Path\n"
    "from tabtransfer.folder_lock import alone_in\n"
    "with alone_in(Path(sys.argv[1])):\n"
    "    print('in', flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_a_second_process_is_kept_out_until_the_first_is_gone(tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout.readline() == b"in\n"
    try:
        refused = pytest.raises(TabTransferError, match="Another run is writing to")
        with refused, alone_in(tmp_path):
            pytest.fail("two runs in one folder")
    finally:
        holder.kill()
        holder.communicate()
    with alone_in(tmp_path):
        pass


def test_a_second_thread_is_kept_out(tmp_path):
    def enter():
        with alone_in(tmp_path):
            pass

    refused = pytest.raises(TabTransferError, match="Another run")
    with alone_in(tmp_path), ThreadPoolExecutor(1) as pool, refused:
        pool.submit(enter).result()


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    refused = pytest.raises(TabTransferError, match="can't be written to: File exists")
    with refused, alone_in(tmp_path / "file"):
        pytest.fail("a file is no folder")


def test_a_second_writer_of_a_file_is_kept_out_and_others_of_its_folder_are_not(tmp_path):
    def write(name):
        with alone_with(tmp_path / name):
            (tmp_path / name).write_text("whole")

    with ThreadPoolExecutor(1) as pool:
        with alone_with(tmp_path / "m.model"):
            with pytest.raises(TabTransferError, match=r"Another run is writing to .*m\.model"):
                pool.submit(write, "m.model").result()
            pool.submit(write, "other.model").result()
        pool.submit(write, "m.model").result()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.model", "other.model"]
