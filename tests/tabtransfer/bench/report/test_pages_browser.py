import re
import shutil
import subprocess
import zlib

import matplotlib.image
import numpy as np
import pytest

from tabtransfer.bench.report.pages import write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
# Long names and many of them: what makes a page too wide.
METHODS = ("tabtransfer", "catboost", *(f"histogram-boosting-of-kind-{i}" for i in range(12)))
SCORES = {
    f"t{i}": {name: 0.8 + 0.01 * i - 0.002 * place for place, name in enumerate(METHODS)}
    for i in range(7)
}
# The page in a frame as wide as a phone; the browser's own window can't be as narrow everywhere.
PHONE = """<!DOCTYPE html><meta charset="utf-8">
<iframe id="phone" width="390" height="800" style="border: 0" srcdoc="{page}"></iframe>
<script>
addEventListener("load", () => {{
  const root = document.getElementById("phone").contentDocument.documentElement;
  document.title = root.clientWidth + " " + root.scrollWidth;
}});
</script>"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="Chromium isn't installed"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def page(make_results, folder):
    write_report(make_results(SCORES), folder)
    return folder / "report.html"


def browse(folder, path, *options):
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={folder / 'profile'}", *options, path.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def photograph(folder, page, *options):
    picture = folder / "page.png"
    picture.unlink(missing_ok=True)
    browse(folder, page, f"--screenshot={picture}", *options)
    return matplotlib.image.imread(picture)[:, :, :3]


def luminance(pixels):
    linear = np.where(pixels <= 0.04045, pixels / 12.92, ((pixels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("width", [390, 1100])
def test_browser_shows_the_page(page, folder, width):
    pixels = photograph(folder, page, f"--window-size={width},1600")
    assert pixels.shape[1] >= width
    assert len({tuple(row) for row in pixels[::8, ::8].reshape(-1, 3)}) > 10


# Chromium's numbers for the reader's preference: 0 is dark, 1 is light.
@pytest.mark.parametrize(("preference", "dark"), [(0, True), (1, False)])
def test_colours_follow_the_readers_preference(page, folder, preference, dark):
    setting = f"--blink-settings=preferredColorScheme={preference}"
    light = luminance(photograph(folder, page, setting, "--window-size=1100,6000")[::3])
    ground = np.median(light)
    assert ground < 0.02 if dark else ground > 0.98
    # Text and pictures stand out from top to bottom.
    high, low = np.maximum(light, ground), np.minimum(light, ground)
    readable = (high + 0.05) / (low + 0.05) >= 4.5
    assert all(band.mean() > 0.005 for band in np.array_split(readable, 6))


def test_nothing_makes_a_phone_scroll_sideways(page, folder):
    text = page.read_text(encoding="utf-8").replace("&", "&amp;").replace('"', "&quot;")
    framed = folder / "phone.html"
    framed.write_text(PHONE.format(page=text), encoding="utf-8")
    shown = browse(folder, framed, "--dump-dom", "--window-size=800,900")
    assert re.search("<title>(.*?)</title>", shown).group(1) == "390 390"


def test_printed_it_is_pages_on_white(page, folder):
    paper = folder / "report.pdf"
    setting = "--blink-settings=preferredColorScheme=0"
    browse(folder, page, f"--print-to-pdf={paper}", "--no-pdf-header-footer", setting)
    pdf = paper.read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 3
    drawn = b"".join(
        zlib.decompress(stream)
        for stream in re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    )
    dark_ink, ink = b".902 .9098 .9255 rg", b".1216 .1412 .1882 rg"
    assert ink in drawn
    assert dark_ink not in drawn
