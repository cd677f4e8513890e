"""The README's Python runs as it stands."""

import re
from pathlib import Path
from textwrap import dedent

README = Path(__file__).resolve().parents[1] / "README.md"


def test_python_blocks_run():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(dedent(block), "README.md", "exec"), {})


def test_files_that_it_points_to_are_there():
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README.read_text())
    assert links
    for link in links:
        assert (README.parent / link).exists(), link
