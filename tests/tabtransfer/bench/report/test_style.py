"""The style sheet's colours, light, dark and printed, by the contrast that WCAG 2.1 asks for."""

import re
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb

import tabtransfer.bench.report
from tabtransfer.bench.report.plot_style import VARIABLES

SHEET = (Path(tabtransfer.bench.report.__file__).parent / "templates" / "style.css.j2").read_text()
THEMES = [
    dict(re.findall(r"(--[\w-]+): (#\w{6})", block))
    for block in re.findall(r":root \{(.*?)\}", SHEET, re.DOTALL)
]
TEXT, GRAPHICS = 4.5, 3.0


def contrast(first, second):
    light, dark = sorted((_luminance(to_rgb(colour)) for colour in (first, second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(rgb):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_there_are_three_themes_and_paper_prints_as_light():
    light, dark, printed = THEMES
    assert printed == light
    assert set(dark) == set(light) >= set(VARIABLES.values())
    assert _luminance(to_rgb(dark["--paper"])) < 0.02 < _luminance(to_rgb(light["--paper"]))


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark", "print"])
def test_text_and_graphics_stand_out(theme):
    for ground in ("--paper", "--panel"):
        for text in ("--ink", "--soft", "--ours"):
            assert contrast(theme[text], theme[ground]) >= TEXT, (text, ground)
    assert contrast(theme["--good-ink"], theme["--good"]) >= TEXT
    for mark in ("--ours", "--reference", "--other"):
        assert contrast(theme[mark], theme["--paper"]) >= GRAPHICS, mark


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark", "print"])
def test_text_on_the_strongest_cell_of_a_map_stands_out(theme):
    ours, paper = to_rgb(theme["--ours"]), to_rgb(theme["--paper"])
    cell = tuple(0.5 * a + 0.5 * b for a, b in zip(ours, paper, strict=True))
    assert contrast(theme["--ink"], cell) >= TEXT
