import shutil
import subprocess

import matplotlib.image
import pytest

from tabtransfer.bench.report import write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SCORES = {
    f"t{i}": {"tabtransfer": 0.8 + 0.01 * i, "catboost": 0.83, "random-forest": 0.79}
    for i in range(7)
}


@pytest.mark.skipif(BROWSER is None, reason="Chromium isn't installed")
@pytest.mark.parametrize("width", [390, 1100])
def test_browser_shows_the_page(make_results, tmp_path, width):
    write_report(make_results(SCORES), tmp_path)
    picture = tmp_path / "page.png"
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},1600"]
    command += [f"--screenshot={picture}", (tmp_path / "report.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert picture.exists(), done.stderr
    pixels = matplotlib.image.imread(picture)
    assert pixels.shape[1] >= width
    assert len({tuple(row) for row in pixels[::8, ::8, :3].reshape(-1, 3)}) > 10
