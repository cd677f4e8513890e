import io
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib import rc_context
from rich.console import Console

from tabtransfer.bench.analysis.comparison import compare_methods
from tabtransfer.bench.analysis.ladder import LADDER, find_ladder
from tabtransfer.bench.analysis.leaderboard import leaderboard
from tabtransfer.bench.report.conditions import describe_troubles
from tabtransfer.bench.report.pages import write_report
from tabtransfer.bench.report.reproduction import reproduction_command
from tabtransfer.bench.report.terminal import comparison_table, ladder_table, leaderboard_table

SCORES = {
    f"t{i}": {
        "tabtransfer": 0.8 + 0.01 * i,
        "tabtransfer-finetuned": 0.82,
        "tabtransfer-scratch": 0.7,
        "catboost": 0.83,
        "tabpfn": None,
    }
    for i in range(7)
}
KINDS = {f"t{i}": "numeric" if i < 3 else "mixed" for i in range(7)}


class _Page(HTMLParser):
    """Collect tags left open, references to other files, and pictures without a name."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, text):
        super().__init__()
        self.open, self.references, self.unnamed, self.ids = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        self.references += [
            value
            for name, value in attrs.items()
            if name in {"src", "href", "xlink:href"} and not value.startswith("#")
        ]
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "svg" and not attrs.get("aria-label"):
            self.unnamed.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def console_text(shown):
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(shown)
    return console.export_text()


@pytest.fixture(scope="module")
def report(make_results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "new" / "folder"
    write_report(make_results(SCORES, KINDS, n_splits=2, offsets=(0.0, 0.0)), folder)
    return folder


@pytest.fixture
def html(report):
    return (report / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_page_is_whole_and_refers_to_nothing_outside(html):
    page = _Page(html)
    assert page.open == []
    assert page.references == []
    assert page.unnamed == []
    assert len(page.ids) == len(set(page.ids))
    assert not re.search(r"url\((?!#)|@import", html)


def test_verdict_comes_before_the_leaderboard(html):
    assert html.index("is undecided here") < html.index('<h2 id="leaderboard">')


def test_page_says_what_a_reader_needs(html):
    for text in (
        *("prefers-color-scheme: dark", "width=device-width"),
        *("Some CPU", "1 thread", "pkg 7.8", "About t3.", "somewhere 1.0", "CC0-1.0"),
        *("What pretraining adds", "What fine-tuning adds", "no score: see"),
        "its &lt;weights&gt; aren&#39;t here",
        "tabtransfer benchmark --suite made-up",
    ):
        assert text in html
    assert html.count("<svg") == 6
    assert "t6 +0.030" in html  # a win, and below a loss, in the picture's description
    assert "t0 −0.030" in html


def test_every_best_score_of_a_table_is_marked(html):
    row = re.search(r'<th scope="row">t2</th>(.*?)</tr>', html, re.DOTALL).group(1)
    assert re.findall(r'class="best">(?:<a [^>]*>)?([\d.]+)', row) == ["0.830"]
    tied = re.search(r'<th scope="row">t3</th>(.*?)</tr>', html, re.DOTALL).group(1)
    assert re.findall(r'class="best">(?:<a [^>]*>)?([\d.]+)', tied) == ["0.830", "0.830"]


def test_leaderboard_files_lie_beside_the_page(report):
    board = pd.read_csv(report / "leaderboard.csv")
    assert board["method"].iloc[-1] == "tabpfn"
    assert board.set_index("method").loc["catboost", "roc_auc"] == pytest.approx(0.83)
    assert (report / "leaderboard.png").read_bytes().startswith(b"\x89PNG")


def test_confidence_is_pooled_over_tables_and_splits(html):
    section = html[html.index('<h2 id="confidence">') : html.index('<h2 id="tables">')]
    described = re.search('aria-label="(.*?)"', section).group(1)
    # 75 rows a split: 61.7 of confidence, 54 right; the bins are off by 0.3, 0.5, 3 and 4.5.
    assert "catboost: 1,050 rows of 7 tables, mean confidence 0.823, right 0.720" in described
    assert "calibration error 0.111" in described
    assert "tabpfn" not in described


def test_markdown_has_the_confidence_too(report):
    assert "| catboost | 0.111 | 0.823 | 0.720 | 1050 | 7 |" in (report / "report.md").read_text()


def test_the_map_names_each_winner_and_its_lead(html):
    section = html[html.index('<h2 id="regimes">') : html.index('<h2 id="reference">')]
    described = re.search('aria-label="(.*?)"', section).group(1)
    assert described.count("; ") == 6  # all tables, task, rows, columns, classes, two shares
    assert re.search(
        r"all tables: catboost, -?\d\.\d % ahead of tabtransfer \(undecided\)", described
    )


@pytest.mark.slow
def test_coverage_is_shown_where_there_is_any(make_results, tmp_path):
    results = make_results({f"t{i}": {"a": 0.9, "b": 0.8} for i in range(3)})
    covered = results["method"] == "a"
    results.loc[covered, ["coverage_50", "coverage_80", "coverage_90"]] = 0.48, 0.81, 0.92
    write_report(results, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    table = html[html.index("Numbers. Per cent of true values") :]
    assert "<td>48.0</td><td>81.0</td><td>92.0</td><td>3</td>" in table[: table.index("</table>")]


@pytest.mark.filterwarnings("error")
def test_one_method_alone_is_reported_without_a_warning(make_results, tmp_path):
    scores = {table: {"catboost": by["catboost"]} for table, by in SCORES.items()}
    board = write_report(make_results(scores), tmp_path)
    assert board[["elo_low", "elo_high"]].isna().all(axis=None)


def test_report_is_drawn_when_nothing_finished(make_results, tmp_path):
    write_report(make_results({"t": {"catboost": None}}), tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "No method finished." in html
    assert "<svg" not in html and "nan" not in html
    assert "skipped" in html
    write_report(make_results({"t": {"catboost": None}, "u": {"catboost": None}}), tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "is undecided here" in html and "<svg" not in html and "nan" not in html


def test_reproduction_names_methods_splits_and_seed(make_results):
    command = reproduction_command(make_results(SCORES, n_splits=2, offsets=(0.0, 0.0)))
    assert "--n-splits 2 --seed 0 --max-train 1000 --threads 1" in command
    assert "--max-rows" not in command and "--search-time" not in command
    folds = make_results(SCORES).assign(splits="tabarena")
    assert "--n-splits tabarena --seed 0" in reproduction_command(folds)
    searched = make_results(SCORES).assign(search_seconds=[60.0] + [None] * (len(folds) - 1))
    assert "--search-time 60 " in reproduction_command(searched)
    assert "--methods tabtransfer,tabtransfer-finetuned,tabtransfer-scratch,catboost" in command
    foreign = reproduction_command(make_results(SCORES).assign(suite="folder:x; touch y"))
    assert "--suite 'folder:x; touch y' --methods" in foreign


def test_terminal_table_fits_eighty_columns(make_results):
    board = leaderboard(make_results(SCORES), "catboost")
    text = console_text(leaderboard_table(board, "catboost"))
    assert "…" not in text
    assert "tabtransfer-finetuned" in text
    assert "0/0/7" in text


def test_terminal_table_without_the_reference_shows_no_record(make_results):
    only_ours = {table: {"tabtransfer": by["tabtransfer"]} for table, by in SCORES.items()}
    board = leaderboard(make_results(only_ours), "catboost")
    text = console_text(leaderboard_table(board, "catboost"))
    assert "None" not in text and "NA" not in text


def _read(folder):
    return [(folder / name).read_text(encoding="utf-8") for name in ("report.html", "report.md")]


def test_one_table_has_its_own_page(make_results, tmp_path):
    scores = {"houses": {"catboost": 0.9, "linear": 0.8, "tabpfn": None}}
    results = make_results(scores, n_splits=3, offsets=(0.0, 0.01, 0.02))
    results = results.assign(
        suite="file:data/houses.csv", task="regression", source="houses.csv", time_limit=15.0,
        r2=0.5, rmse=2e5 * results["error"], error=2e5 * results["error"], roc_auc=None,
        coverage_50=0.5, coverage_80=0.8, coverage_90=0.9, reliability=None,
    )  # fmt: skip
    write_report(results, tmp_path)
    html, markdown = _read(tmp_path)
    for page in (html, markdown):
        assert "Which method for houses.csv?" in page
        assert "Use catboost: it has the lowest RMSE, 18,000 on average over 3 splits" in page
        for absent in ("Elo", "Verdict", "What transfer adds", "ROC AUC", "nan"):
            assert absent not in page
    assert html.index("Use catboost") < html.index('<h2 id="comparison">')
    assert "Not compared: tabpfn (skipped: " in markdown
    assert _Page(html).open == [] and html.count("<svg") == 1
    shown = console_text(comparison_table(compare_methods(results)))
    assert "18,000" in shown and "e+" not in shown


@pytest.mark.slow
def test_the_ladder_has_its_section_and_picture(make_results, tmp_path):
    scores = dict(zip(LADDER, (0.7, 0.75, 0.85, 0.8, 0.86, 0.87, 0.88), strict=True))
    results = make_results({"t": scores}, n_splits=3, offsets=(0.0, 0.01, 0.02))
    write_report(results, tmp_path)
    html, markdown = _read(tmp_path)
    for page in (html, markdown):
        assert "The ladder lowers the 1 − ROC AUC from 0.29 (linear) to 0.11" in page
        assert "the network, pretrained, in context" in page
    page = _Page(html)
    assert page.open == [] and page.unnamed == [] and html.count("<svg") == 3
    assert "tabtransfer-scratch-no-trees 0.19 (change 0.05, 0.05–0.05)" in html
    shown = console_text(ladder_table(find_ladder(results, compare_methods(results))))
    assert re.search(r"tabtransfer-scratch-no-trees +0\.19 +0\.05 +0\.05–0\.05 +2\.50", shown)


@pytest.mark.slow
def test_numbers_have_their_place_in_a_suites_report(make_results, tmp_path):
    numbers = make_results({f"n{i}": by for i, by in enumerate(SCORES.values())})
    numbers = numbers.assign(task="regression", r2=1 - (1 - numbers["roc_auc"]) ** 2, roc_auc=None)
    write_report(pd.concat([make_results(SCORES), numbers]), tmp_path)
    html, markdown = _read(tmp_path)
    assert "14 tables (7 and 7 with scores of classes and of numbers)" in html
    assert "Over 7 tables of numbers the mean 1 − RMSE / baseline of" in html
    assert "Tables of numbers: mean 1 − RMSE / baseline over splits" in html
    assert "1 − RMSE / baseline of the method minus catboost" in html
    assert "1 − RMSE / baseline of tabtransfer minus tabtransfer-scratch, tables of numbers" in html
    assert "| ROC AUC | interval | 1 − RMSE / baseline | interval |" in markdown
    assert _Page(html).open == []


@pytest.mark.slow
def test_names_are_inert_in_both_pages(make_results, tmp_path):
    name = "<img src=x onerror=alert(1)>|`[a](b)"
    results = make_results({"t": {name: 0.9, "b": 0.8}, "u": {name: 0.9, "b": 0.8}})
    write_report(results.assign(suite="folder:x; touch y\n```"), tmp_path)
    html, markdown = _read(tmp_path)
    assert "<img" not in html
    text, command = markdown.split("\n````\n")[:2]
    assert "<img" not in text and "&lt;img src=x onerror=alert(1)&gt;&#124;" in text
    assert "--suite 'folder:x; touch y\n```' --methods '<img" in command


def test_folded_parts_stay_folded_on_paper(html):
    assert "beforeprint" not in html
    assert "details:not([open]) > :not(summary) { display: none; }" in html


def test_troubles_are_counted_by_what_they_are(make_results):
    results = make_results({"t": {"a": 0.9, "b": None, "c": None, "d": 0.8, "e": 0.7}})
    assert describe_troubles(results) == "2 jobs were skipped; the report says why."
    results.loc[results["method"] == "d", "status"] = "timeout"
    results.loc[results["method"] == "e", "status"] = "left_out"
    assert describe_troubles(results) == (
        "1 job failed or ran into a limit, 2 were skipped, 1 was not measured for want of time; "
        "the report says why."
    )
    assert describe_troubles(make_results({"t": {"a": 0.9}})) == ""


@pytest.mark.slow
def test_a_users_settings_of_matplotlib_change_no_picture(make_results, tmp_path):
    results = make_results({"shops": {"tabtransfer": 0.9, "catboost": 0.8}})
    write_report(results, tmp_path / "plain")
    # LaTeX would be run on names, or looked for in vain.
    with rc_context({"text.usetex": True, "font.size": 30.0, "svg.fonttype": "none"}):
        write_report(results, tmp_path / "styled")
    for name in ("report.html", "leaderboard.png"):
        plain, styled = (tmp_path / style / name for style in ("plain", "styled"))
        assert plain.read_bytes() == styled.read_bytes()


def _numbered(text):
    return re.findall(r"(?:row|rows) ([\d, ]+)\)", text)


@pytest.mark.slow
def test_each_score_leads_to_its_rows_of_the_results_file(make_results, tmp_path):
    results = make_results({t: SCORES[t] for t in ("t0", "t1")}, n_splits=2, offsets=(0.0, 0.05))
    write_report(results.sample(frac=1, random_state=0), tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    results = results.sample(frac=1, random_state=0).reset_index(drop=True)
    cells = re.search(r'<th scope="row">t1</th>(.*?)</tr>', html, re.DOTALL).group(1)
    anchor, score = re.search(r'<a href="#(rows-2-\d)">(0\.725)</a>', cells).groups()
    line = re.search(rf'<dt id="{anchor}">tabtransfer-scratch</dt>(.*?)</dd>', html).group(1)
    rows = [int(row) for row in _numbered(line)[0].split(",")]
    named = results.iloc[rows]
    assert set(named["table"]) == {"t1"} and set(named["method"]) == {"tabtransfer-scratch"}
    assert named["roc_auc"].mean() == pytest.approx(float(score))


@pytest.mark.slow
def test_each_size_of_training_sets_has_its_part(make_results, tmp_path):
    small = make_results(SCORES, KINDS).assign(n_train=75)
    large = make_results({t: {m: 0.9 for m in by} for t, by in SCORES.items() if t > "t2"})
    repeated = make_results({"t0": SCORES["t0"]})  # has no more rows for the larger size
    large = pd.concat([large.assign(n_train=9000), repeated.assign(n_train=75)])
    board = write_report(pd.concat([small, large.assign(max_train=10_000)]), tmp_path)
    assert board.groupby("max_train")["n_tables"].max().to_dict() == {1000: 7, 10_000: 4}
    html, markdown = _read(tmp_path)
    for page in (html, markdown):
        assert "undecided at up to 1,000 training rows (7 tables)" in page
        assert "undecided at up to 10,000 training rows (4 tables)" in page
    page = _Page(html)
    assert page.open == [] and len(page.ids) == len(set(page.ids))
    links = set(re.findall(r'href="#([\w-]+)"', html))
    assert links <= set(page.ids)
    assert html.count('<details class="size"') == 2 and html.count("open>") == 1
    assert "--n-splits 1 --seed 0 --max-train 1000,10000 " in html
    assert "up to 10,000</a></th>" in html


def test_the_first_picture_shows_paired_differences(html):
    described = re.search('aria-label="([^"]*minus that of catboost[^"]*)"', html).group(1)
    assert "tabtransfer-scratch −0.130 (95 % interval −0.130 to −0.130)" in described
