"""How Sphinx builds the documentation (`make docs`)."""

import re
from pathlib import Path

import typer
from typer.cli import get_docs_for_click
from typer.main import get_command

import tabtransfer
from tabtransfer.cli import app

ROOT = Path(__file__).resolve().parents[1]

project = "tabtransfer"
author = "The tabtransfer maintainers"
release = version = tabtransfer.__version__
copyright = author

# Pages lie where a clone has them (docs/, records/, the model card), so that their links to each
# other work there too.
root_doc = "docs/index"
include_patterns = [
    *("docs/**", "records/*/*.md", "benchmarks/README.md"),
    *("tabtransfer/weights/*.md", "CONTRIBUTING.md", "CHANGELOG.md"),
]
exclude_patterns = [".venv", ".git", "build", "dist", "reports", "docs/standard/report.html"]
extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
suppress_warnings = ["myst.header", "config.cache"]

default_role = "literal"
autodoc_typehints = "none"
autodoc_mock_imports = ["autogluon"]
numpydoc_show_class_members = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": ["examples"],
    "gallery_dirs": ["docs/tutorials"],
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "plot_gallery": "True",
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "show_memory": False,
    "min_reported_time": 10,
    "write_computation_times": False,
}

html_theme = "pydata_sphinx_theme"
html_title = f"tabtransfer {release}"
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # dark or light as the reader prefers
html_extra_path = ["site"]
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,
    "footer_start": ["copyright"],
    "footer_end": [],
}


def write_reference() -> None:
    """Write a page for every public name, and one with all commands."""
    folder = ROOT / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    names = [name for name in tabtransfer.__all__ if not name.startswith("__")]
    for name in [*names, "tabarena.TabTransferModel"]:
        thing = f"tabtransfer.{name}"
        kind = "class" if name.rpartition(".")[2][0].isupper() else "function"
        options = (
            "   :members:\n   :inherited-members: object,BaseEstimator,ValueError,UserWarning\n"
        )
        options = options if kind == "class" else ""
        text = f"{thing}\n{'=' * len(thing)}\n\n.. auto{kind}:: {thing}\n{options}"
        put(folder / f"{name}.rst", text)
    pages = "\n".join(f"   {name}" for name in [*names, "tabarena.TabTransferModel"])
    title = "Reference\n=========\n\n"
    tree = f".. toctree::\n   :maxdepth: 1\n\n{pages}\n   commands\n"
    put(folder / "index.rst", title + tree)
    command = get_command(app)
    context = typer.Context(command, info_name="tabtransfer")
    shown = get_docs_for_click(obj=command, ctx=context, name="tabtransfer")
    put(folder / "commands.md", shown.replace("# `tabtransfer`", "# Commands", 1))


def put(path: Path, text: str) -> None:
    """Write a file unless it is as it should be, so that pages aren't built again for nothing."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def link_folders(app, name, source) -> None:
    """Let links to folders lead to their README, and to the source where they have none."""
    page = ROOT / name

    def readme(match: re.Match[str]) -> str:
        target = (page.parent / match[2]).resolve()
        if not target.is_dir():
            return match[0]
        return (
            f"[{match[1]}]({match[2]}/README.md)" if (target / "README.md").exists() else match[1]
        )

    source[0] = re.sub(r"\[([^\]]+)\]\(((?!https?:|#)[^)#\s]+)\)", readme, source[0])


def is_of_scikit_learn(app, what, name, thing, skip, options) -> bool | None:
    """Leave out methods that the estimators share with all of scikit-learn's."""
    return True if str(getattr(thing, "__module__", "")).startswith("sklearn.") else None


def setup(app) -> None:
    """Write the generated pages, and follow links as a clone's readers do."""
    write_reference()
    app.connect("source-read", link_folders)
    app.connect("autodoc-skip-member", is_of_scikit_learn)
