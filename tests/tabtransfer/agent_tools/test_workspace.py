"""Names lead to files of the folder and nowhere else."""

import pytest

from tabtransfer.agent_tools.workspace import Workspace
from tabtransfer.errors import TabTransferError


@pytest.fixture
def workspace(tmp_path):
    root = tmp_path / "root"
    (root / "more").mkdir(parents=True)
    for name in ("a.csv", "more/b.parquet", "notes.txt", ".hidden.csv"):
        (root / name).touch()
    (tmp_path / "secret.csv").touch()
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    (root / "inner.csv").symlink_to(root / "a.csv")
    (root / "up").symlink_to(tmp_path, target_is_directory=True)
    return Workspace(root, root / "out")


@pytest.mark.parametrize("name", ["a.csv", "more/b.parquet", "./a.csv"])
def test_files_of_the_folder_are_found(workspace, name):
    assert workspace.to_read(name) == workspace.root / name


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.csv", "more/../../secret.csv", "/etc/passwd", "link.csv", "inner.csv"),
        *("up/secret.csv", "up/root/a.csv", "", ".", "a.csv\0", "more/../a.csv"),
        *("missing.csv", "more"),
    ],
)
def test_nothing_else_is(workspace, name):
    with pytest.raises(TabTransferError):
        workspace.to_read(name)


@pytest.mark.parametrize("name", ["../x.csv", "/tmp/x.csv", "more/x.csv", ".x.csv", "", ".."])
def test_only_plain_names_are_written(workspace, name):
    with pytest.raises(TabTransferError):
        workspace.to_write(name)


def test_results_go_to_the_output_folder_and_are_found_first(workspace):
    path = workspace.to_write("a.csv")
    assert path == workspace.out / "a.csv"
    path.touch()
    assert workspace.to_read("a.csv") == path


def test_links_are_not_written_through(workspace, tmp_path):
    (workspace.out / "new.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(TabTransferError, match="links aren't followed"):
        workspace.to_write("new.csv")


def test_lists_have_tables_and_models_without_links_and_hidden_files(workspace):
    (workspace.out / "m.model").touch()
    assert workspace.tables() == ["a.csv", "more/b.parquet"]
    assert workspace.models() == ["m.model", "out/m.model"]


def test_a_misspelt_name_is_guessed(workspace):
    with pytest.raises(TabTransferError, match=r"Did you mean 'a\.csv'\?"):
        workspace.to_read("a.cvs")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(TabTransferError, match="is no folder"):
        Workspace(tmp_path / "missing", tmp_path / "out")
