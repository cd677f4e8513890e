"""The precision that training runs in, and the optimizer that follows it."""

import torch

from tabtransfer.pretrain.training import precision
from tabtransfer.pretrain.training.precision import choose_precision

CPU = torch.device("cpu")


def test_auto_takes_what_the_device_is_quick_at(monkeypatch):
    for fast, expected in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(precision, "has_fast_bfloat16", lambda device_type, fast=fast: fast)
        assert choose_precision("auto", CPU) == expected
        assert choose_precision("16-mixed", CPU) == "16-mixed"


def test_a_slow_bfloat16_is_found(monkeypatch):
    seconds = {torch.bfloat16: 1.0, torch.float32: 0.1}
    monkeypatch.setattr(precision, "_product_seconds", seconds.get)
    precision.has_fast_bfloat16.cache_clear()
    assert not precision.has_fast_bfloat16("cpu")
    seconds[torch.bfloat16] = 0.05
    precision.has_fast_bfloat16.cache_clear()
    assert precision.has_fast_bfloat16("cpu")
    precision.has_fast_bfloat16.cache_clear()
