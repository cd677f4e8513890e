import functools

import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner

from tabtransfer.checkpoint import save_checkpoint
from tabtransfer.datasets.audit_command import audit
from tabtransfer.datasets.fingerprints import fingerprint
from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer


def shop(seed=0, n_rows=300):
    generator = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "height": generator.normal(170, 9, n_rows).round(3),
            "income": generator.lognormal(9, 1, n_rows).round(2),
            "member": generator.random(n_rows) < 0.3,
            "spent": generator.gamma(2, 30, n_rows).round(3),
        }
    )


@pytest.fixture
def ask(tmp_path):
    def ask(frame, seen=True, name="mine.csv", write=None, options=()):
        checkpoint = tmp_path / "a.safetensors"
        mark = fingerprint("shops", shop()).to_text()
        tables = [{"name": "shops", "fingerprint": mark}] if seen else []
        network = TabularTransformer(NetworkConfig(d_cell=8, context_layers=1))
        save_checkpoint(checkpoint, network, {"tables": tables})
        (write or functools.partial(frame.to_csv, index=False))(tmp_path / name)
        app = typer.Typer()
        app.command()(audit)
        arguments = [str(tmp_path / name), "--target", frame.columns[-1], *options]
        result = CliRunner().invoke(app, [*arguments, "--checkpoint", str(checkpoint)])
        assert result.exit_code == 0, result.output
        return result.output

    return ask


COPIES = {
    "as it was": shop(),
    "shuffled rows": shop().sample(frac=1, random_state=0),
    "shuffled and renamed columns": shop()[["income", "member", "height", "spent"]].set_axis(
        list("abcd"), axis=1
    ),
    "other units": shop().assign(height=shop()["height"] / 2.54),
    "one column rounded": shop().assign(height=shop()["height"].round(0)),
    "all rounded": shop().round(1),
    "half of the rows": shop().sample(frac=0.5, random_state=0),
    "half of the rows, renamed": shop()[:150].set_axis(list("abcd"), axis=1),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_a_copy_is_seen_with_its_columns(ask, copy):
    output = ask(copy)
    assert "Very likely seen as 'shops'" in output
    assert "the target among them" in output
    assert "No sign" not in output


@pytest.mark.parametrize("name", ["mine.tsv.gz", "mine.feather"])
def test_files_are_read_as_fit_reads_them(ask, name):
    frame = shop()
    write = frame.to_feather
    if name != "mine.feather":
        write = functools.partial(frame.to_csv, index=False, sep="\t", encoding="utf-16")
    assert "Very likely seen as 'shops'" in ask(frame, name=name, write=write)


def test_how_csv_is_written_can_be_said(ask):
    frame = shop()
    write = functools.partial(frame.to_csv, index=False, sep="~", decimal=",", encoding="cp500")
    options = ("--sep", "~", "--decimal", ",", "--encoding", "cp500")
    assert "Very likely seen as 'shops'" in ask(frame, write=write, options=options)


def test_one_column_of_another_table_is_possible_only(ask):
    output = ask(pd.concat([shop(5)[["height"]], shop()[["income"]], shop(5)[["spent"]]], axis=1))
    assert "Possibly seen as 'shops': 1 column holds the same values (income)." in output


@pytest.mark.parametrize(
    "frame", [shop()[:30], shop().round(-2), shop(1)], ids=["tenth", "rounded", "another"]
)
def test_what_isnt_recognised_is_said(ask, frame):
    output = ask(frame)
    assert "No sign that the model has seen this table" in output
    assert "Not recognised: under an eighth of a table's rows" in output


def test_weights_trained_on_no_table_cannot_tell(ask):
    assert "Can't tell" in ask(shop(), seen=False)


def test_wrong_input_is_an_error(tmp_path):
    with pytest.raises(TabTransferError, match="There is no file"):
        audit([str(tmp_path / "no.csv")], target="y")
    shop().to_csv(tmp_path / "a.csv")
    with pytest.raises(TabTransferError, match="has no column 'y'"):
        audit([str(tmp_path / "a.csv")], target="y")
