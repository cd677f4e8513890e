"""The checks of the built site find what they are for; tutorials are in the form of a gallery."""

import ast
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = sorted((ROOT / "examples").glob("*.py"))
problems = runpy.run_path(str(ROOT / "docs" / "check_site.py"))["problems"]


def site(folder, body):
    (folder / "other.html").write_text('<h1 id="place">Other</h1>')
    (folder / "index.html").write_text(body)
    return [problem.partition(": ")[2] for problem in problems(folder)]


@pytest.mark.parametrize(
    "body",
    [
        '<a href="other.html#place">there</a>',
        '<a href="https://elsewhere.example/">there</a>',
        '<a href="#here">down</a><p id="here">',
        '<a href=".">home</a>',
        '<link rel="canonical" href="https://elsewhere.example/">',
    ],
)
def test_good_pages_pass(tmp_path, body):
    assert site(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="missing.html">x</a>', "missing.html leads nowhere"),
        ('<img src="missing.png" alt="x">', "missing.png leads nowhere"),
        ('<a href="other.html#no">x</a>', "other.html#no names a place that the page hasn't"),
        ('<script src="https://a.example/x.js"></script>', "https://a.example/x.js is loaded"),
        ('<link rel="stylesheet" href="//a.example/x.css">', "//a.example/x.css is loaded"),
        ('<img src="other.html">', "1 pictures have no text"),
    ],
)
def test_bad_ones_are_named(tmp_path, body, problem):
    [found] = site(tmp_path, body)
    assert found.startswith(problem)


def test_a_site_without_pages_is_a_problem(tmp_path):
    [found] = problems(tmp_path)
    assert "no pages" in found


@pytest.mark.parametrize("tutorial", TUTORIALS, ids=lambda tutorial: tutorial.stem)
def test_tutorials_have_a_title_and_cells(tutorial):
    text = tutorial.read_text()
    title, underline = ast.get_docstring(ast.parse(text)).splitlines()[:2]
    assert underline == "=" * len(title)
    assert "\n# %%\n" in text


def test_tutorials_are_numbered_on():
    numbers = [int(tutorial.name[:2]) for tutorial in TUTORIALS]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 10


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "index.md").read_text()
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}
    assert {page for page in pages if f"\n{page}\n" not in index} == set()
