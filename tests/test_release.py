"""A release says the same version everywhere, and its changelog keeps its form."""

import re
from pathlib import Path

import tabtransfer

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]


def test_versions_agree():
    project = (ROOT / "pyproject.toml").read_text()
    citation = (ROOT / "CITATION.cff").read_text()
    assert f'\nversion = "{tabtransfer.__version__}"\n' in project
    assert f"\nversion: {tabtransfer.__version__}\n" in citation
    assert f"\n## [{tabtransfer.__version__}] - " in (ROOT / "CHANGELOG.md").read_text()


def test_the_changelog_keeps_the_form():
    text = (ROOT / "CHANGELOG.md").read_text()
    releases = re.split(r"\n## ", text)[1:]
    assert releases[0].startswith("[Unreleased]\n")
    for release in releases[1:]:
        assert re.match(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d\n", release)
    for release in releases:
        kinds = re.findall(r"^### (.*)$", release, re.MULTILINE)
        assert kinds == [kind for kind in SECTIONS if kind in kinds]


def test_workflows_and_classifiers_have_the_same_pythons():
    project = (ROOT / "pyproject.toml").read_text()
    named = set(re.findall(r'"Programming Language :: Python :: (3\.\d+)"', project))
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    [matrix] = re.findall(r"python: \[(.*)\]", workflow)
    assert named == set(re.findall(r'"(3\.\d+)"', matrix))
    assert f'requires-python = ">={min(named, key=lambda one: int(one[2:]))}"' in project
