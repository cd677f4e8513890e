"""The code in the README and the documentation runs as it stands."""

import re
import shlex
from pathlib import Path
from textwrap import dedent

import pytest
import typer
from packaging.requirements import Requirement
from sklearn.datasets import make_classification
from typer.testing import CliRunner

from tabtransfer.cli import app

pytestmark = pytest.mark.all_trees

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks_of(language, pages=PAGES):
    return [
        pytest.param(block, id=f"{page.stem}-{index}")
        for page in pages
        for index, block in enumerate(
            re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)
        )
    ]


OF_README, OF_PAGES = blocks_of("python", PAGES[:1]), blocks_of("python", PAGES[1:])
LINES = [
    pytest.param(shlex.split(line, comments=True), id=f"{block.id}-{place}")
    for block in blocks_of("sh")
    for place, line in enumerate(block.values[0].splitlines())
]
# What makes a command of the README quick enough for a test.
QUICKER = ["1s", "--methods", "linear,nearest-neighbors", "--jobs", "1"]


def run(block):
    exec(compile(dedent(block), "page", "exec"), {})


@pytest.mark.parametrize("block", OF_README)
def test_python_of_the_readme_runs(block):
    run(block)


@pytest.mark.slow
@pytest.mark.parametrize("block", OF_PAGES)
def test_python_of_the_pages_runs(block):
    run(block)


@pytest.mark.parametrize("words", LINES)
def test_command_lines_are_understood(words):
    program, *arguments = words
    if program == "make":
        assert f"\n{arguments[0]}:" in (ROOT / "Makefile").read_text()
    elif program == "pip":
        assert arguments[0] == "install"
        asked = Requirement(arguments[1].replace(".", "tabtransfer", 1)).extras
        project = (ROOT / "pyproject.toml").read_text()
        assert all(f"\n{extra} = [" in project for extra in asked)
    else:
        assert program == "tabtransfer"
        command = typer.main.get_command(app).commands[arguments[0]]
        command.make_context(arguments[0], arguments[1:])


@pytest.mark.slow
def test_the_command_on_a_csv_runs(tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text()
    [line] = re.findall(r"^tabtransfer compare .*$", text, re.MULTILINE)
    words = shlex.split(line)[1:]
    place = words.index("--time")
    words[place + 1 : place + 2] = QUICKER
    X, y = make_classification(60, 3, n_informative=2, n_redundant=0, random_state=0, n_classes=2)
    table = "\n".join(
        ["a,b,c,churned", *(f"{a},{b},{c},{label}" for (a, b, c), label in zip(X, y, strict=True))]
    )
    (tmp_path / "customers.csv").write_text(table)
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, words, catch_exceptions=False).exit_code == 0
    assert (tmp_path / "reports" / "customers" / "report.html").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_it_points_to_are_there(page):
    links = re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text())
    for link in links:
        assert (page.parent / link).exists(), link


def test_there_is_something_to_test():
    assert OF_README and OF_PAGES and len(LINES) > 4
