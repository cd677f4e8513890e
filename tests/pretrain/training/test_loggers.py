from pathlib import Path

import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.pretrain.training import loggers
from tabtransfer.pretrain.training.loggers import make_logger


@pytest.mark.parametrize("name", ["tensorboard", "wandb"])
def test_a_missing_package_is_named(name, monkeypatch):
    monkeypatch.setattr(loggers, "find_spec", lambda package: None)
    with pytest.raises(TabTransferError, match=f"pip install {name}"):
        make_logger(name, Path("run"))


def test_csv_needs_no_package(tmp_path):
    logger = make_logger("csv", tmp_path)
    logger.log_metrics({"loss": 0.5}, 20)
    logger.save()
    assert "0.5" in (tmp_path / "logs" / "version_0" / "metrics.csv").read_text()
