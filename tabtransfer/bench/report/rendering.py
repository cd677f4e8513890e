"""Render pages from templates, and write them complete or not at all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd

from tabtransfer.bench.analysis.verdict import signed
from tabtransfer.bench.report.pictures import format_seconds
from tabtransfer.files import replacing
from tabtransfer.number_text import interval, minus, significant

_MARKDOWN = {
    **{"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"},
    **{character: f"\\{character}" for character in "\\`*[]"},
}


class _Verbatim(str):
    """Markdown that is written as it is."""


def render_page(template: str, facts: dict[str, Any]) -> str:
    """Render a page from a template; names in it are escaped.

    Parameters
    ----------
    template : str
        A template's name: that of an HTML page ends in ``.html.j2``, else it is Markdown.
    facts : dict
        What the template shows.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    html = ".html" in template
    environment = Environment(
        loader=PackageLoader("tabtransfer.bench.report", "templates"),
        autoescape=html,
        finalize=None if html else _escape_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=_number,
        signed=signed,
        seconds=format_seconds,
        significant=significant,
        fenced=_fence,
    )
    environment.globals.update(interval_text=interval)
    return environment.get_template(template).render(facts)


def write_page(path: Path, text: str) -> None:
    """Write a page complete or not at all."""
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _escape_markdown(value: Any) -> Any:
    if not isinstance(value, str) or isinstance(value, _Verbatim):
        return value
    return "".join(_MARKDOWN.get(character, character) for character in " ".join(value.split()))


def _fence(code: str) -> str:
    """Return code as a Markdown block whose fence is longer than any within it."""
    ticks = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, ticks + 1)
    return _Verbatim(f"{fence}\n{code}\n{fence}")


def _number(value: Any, digits: int = 3) -> str:
    return "–" if pd.isna(value) else minus(f"{value:.{digits}f}")
