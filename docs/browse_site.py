"""Open pages of the built site in Chromium, at two widths, dark and light, and say what is wrong.

Run it as ``python docs/browse_site.py FOLDER [CHROMIUM]`` after ``pip install playwright`` and
``playwright install chromium``, or with the path of a browser. It ends with 1 if a page has errors
in its console, asks for something that isn't there, scrolls sideways, or has text without contrast.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

_PAGES = (
    *("docs/index.html", "docs/results.html", "docs/estimators.html"),
    *("docs/tutorials/index.html", "docs/tutorials/01_first_model.html"),
    *("docs/reference/TabTransferClassifier.html", "docs/reference/commands.html"),
    "tabtransfer/weights/MODEL_CARD.html",
)
_WIDTHS = (400, 1400)
_CONTRAST = 4.5
# The lowest contrast of a paragraph's or a cell's text with what it stands on; scikit-learn's
# picture of an estimator has colours of its own.
_LOWEST_CONTRAST = """() => {
  const light = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3)
      .map(part => part / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$|transparent/.test(colour)) return colour;
    }
    return getComputedStyle(document.documentElement).backgroundColor;
  };
  return Math.min(21, ...[...document.querySelectorAll("article p, article td, article li")]
    .filter(node => node.textContent.trim() && node.offsetParent)
    .filter(node => !node.closest("[id^=sk-container]"))
    .map(node => {
      const [a, b] = [light(getComputedStyle(node).color), light(ground(node))];
      return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }));
}"""


def problems(folder: Path, browser: Any) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with a page."""
    for scheme in ("light", "dark"):
        for width in _WIDTHS:
            size = {"width": width, "height": 900}
            context = browser.new_context(viewport=size, color_scheme=scheme)
            for name in _PAGES:
                for problem in _look_at((folder / name).resolve(), context, width):
                    yield f"{name}, {width} pixels, {scheme}: {problem}"
            context.close()


def _look_at(path: Path, context: Any, width: int) -> list[str]:
    found: list[str] = []
    page = context.new_page()
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("requestfailed", lambda asked: found.append(f"{asked.url} failed"))
    page.goto(path.as_uri())
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        found.append(f"is {wide} pixels wide")
    contrast = page.evaluate(_LOWEST_CONTRAST)
    if contrast < _CONTRAST:
        found.append(f"has text of contrast {contrast:.1f}")
    page.close()
    return found


if __name__ == "__main__":
    path = sys.argv[2] if len(sys.argv) > 2 else None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        found = list(problems(Path(sys.argv[1]), browser))
        browser.close()
    print(*found, f"{len(found)} problems in {sys.argv[1]}", sep="\n")
    sys.exit(bool(found))
