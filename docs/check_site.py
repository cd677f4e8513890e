"""Check the built site without a network: links, anchors, and that nothing comes from elsewhere.

Run it as ``python docs/check_site.py FOLDER``; it prints what is wrong and ends with 1.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_RELATIONS = {"stylesheet", "preload", "icon", "modulepreload"}  # of links that load something


class _Page(HTMLParser):
    """What a page links to and loads, and the anchors in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.viewport = False
        self.n_without_text = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        loads = tag != "link" or _RELATIONS & set(given.get("rel", "").split())
        if loads and _LOADED.get(tag) in given:
            self.loaded.append(given[_LOADED[tag]])
        self.viewport |= tag == "meta" and given.get("name") == "viewport"
        self.n_without_text += tag == "img" and "alt" not in given


def problems(folder: Path) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with the pages of a site."""
    pages = {
        path.resolve(): _Page(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.html"))
        if "_static" not in path.parts  # templates of the theme
    }
    if not pages:
        yield f"{folder} has no pages"
    for path, page in pages.items():
        name = path.relative_to(folder.resolve()).as_posix()
        for link in [*page.links, *page.loaded]:
            found = _problem(link, path, pages)
            if found:
                yield f"{name}: {link} {found}"
        for link in page.loaded:
            if urlsplit(link).netloc:
                yield f"{name}: {link} is loaded from elsewhere"
        if page.n_without_text:
            yield f"{name}: {page.n_without_text} pictures have no text in their place"


def _problem(link: str, path: Path, pages: dict[Path, _Page]) -> str:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target = target / "index.html"
    if not target.exists():
        return "leads nowhere"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "names a place that the page hasn't"
    return ""


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1])))
    print(*found, f"{len(found)} problems in {sys.argv[1]}", sep="\n")
    sys.exit(bool(found))
