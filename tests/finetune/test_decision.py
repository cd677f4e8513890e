import numpy as np
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.finetune.decision import decide
from tabtransfer.finetune.modes import check_mode


def test_a_gain_within_chance_is_not_sure():
    noise = np.random.default_rng(0).normal(size=100)
    found = decide(np.zeros(100), noise - noise.mean(), None, seed=0)
    assert found.gain == pytest.approx(0.0) and 0.4 < found.probability < 0.6
    assert found.low < 0 < found.high


def test_weights_decide_with_the_rows():
    base, tuned = np.zeros(40), np.where(np.arange(40) < 20, 1.0, -1.0)
    heavy = np.where(np.arange(40) < 20, 1.0, 9.0)
    assert decide(base, tuned, heavy, 0).gain == pytest.approx(0.8)
    assert decide(base, tuned, heavy, 0).probability > 0.95


@pytest.mark.parametrize(
    "wrong", [{"layers": 0.0}, {"children": 9}, {"max_steps": 0}, {"least_probability": 2.0}]
)
def test_settings_that_cannot_be_used_are_refused_by_name(wrong):
    with pytest.raises(TabTransferError, match=next(iter(wrong))):
        FinetuneConfig(**wrong)


def test_modes_are_named():
    for value in (False, True, "auto", "full", "last", FinetuneConfig()):
        check_mode(value)
    with pytest.raises(TabTransferError, match='"auto", "full", "last"'):
        check_mode("no")
