import csv

import pandas as pd
import pytest

from tabtransfer.bench.report.transfer_gain import write_transfer_gain_report

SIZES = {32: 0.04, 128: 0.01, 512: -0.02}


@pytest.fixture
def results(make_results):
    """Make gains over CatBoost that end at some 200 rows; over scratch they don't end."""

    def scores(gain):
        return {
            f"t{i}": {
                "tabtransfer-scratch": 0.7 + 0.001 * i,
                "tabtransfer": 0.8 + gain + 0.002 * i,
                "catboost": 0.8 + 0.001 * i,
                "tabpfn": None,
            }
            for i in range(7)
        }

    parts = [make_results(scores(gain)).assign(max_train=size) for size, gain in SIZES.items()]
    return pd.concat(parts, ignore_index=True).assign(splits="nested")


def test_sentences_say_up_to_how_many_rows_pretraining_pays(results, tmp_path):
    over_scratch, over_catboost = write_transfer_gain_report(results, tmp_path)
    assert over_scratch == (
        "On tables of classes, pretraining pays on average against the same network trained from "
        "scratch at every size measured, 32 to 512 rows (so too in 95 % of resamples)."
    )
    # 0.013 above at 128 rows and 0.017 below at 512: 128 * 4 ** (13 / 30) is 233.
    assert over_catboost.startswith(
        "On tables of classes, pretraining pays on average up to about 230 rows against "
        "catboost (95 % interval 2"
    )


def test_page_shows_curves_and_no_figure_that_mixes_sizes(results, tmp_path):
    write_transfer_gain_report(results, tmp_path)
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count("<svg") == html.count('aria-label="Gain in ROC AUC over ') == 2
    assert "tabtransfer: 32 rows +0.043 (95 % interval +0.0" in html
    assert "tabtransfer transfer-gain --suite made-up" in html and "--sizes 32,128,512" in html
    assert "its &lt;weights&gt; aren&#39;t here" in html
    assert "Leaderboard" not in html and "http" not in html.replace("http://www.w3.org", "")
    assert not (tmp_path / "leaderboard.csv").exists()


def test_markdown_and_table_hold_every_point(results, tmp_path):
    write_transfer_gain_report(results, tmp_path)
    with (tmp_path / "transfer_gain.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(SIZES)  # tabtransfer over two, scratch over CatBoost
    assert rows[0]["task"] == "classification" and rows[0]["base"] == "tabtransfer-scratch"
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert text.count("\n| tabtransfer") == len(rows)
    assert "| tabtransfer | catboost | 512 | 7 | −0.017 |" in text


def test_few_tables_and_one_size_are_said(results, tmp_path):
    few = results[(results["max_train"] < 512) | (results["table"] < "t3")]
    sentence = write_transfer_gain_report(few, tmp_path)[1]
    assert sentence.endswith(" From 512 rows on, fewer than 6 tables have the rows.")
    one = results[(results["max_train"] == 32) & (results["table"] < "t3")]
    sentence = write_transfer_gain_report(one, tmp_path)[1]
    assert "gains +0.041 in ROC AUC over catboost at 32 rows, the one size measured" in sentence
    assert sentence.endswith(" Fewer than 6 tables decide nothing.")


def test_nothing_finished_is_drawn_too(results, tmp_path):
    told = write_transfer_gain_report(results[results["method"] == "tabpfn"], tmp_path)
    assert told == ["No table has scores of the pretrained network and of another method."]
    assert "<svg" not in (tmp_path / "report.html").read_text(encoding="utf-8")
