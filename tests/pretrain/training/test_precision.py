"""The precision that training runs in, and the optimizer that follows it."""

import torch

from tabtransfer.pretrain.training import precision
from tabtransfer.pretrain.training.muon import Float32Muon
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


def test_float32_muon_takes_the_steps_of_torchs_own():
    settings = {
        "lr": 0.01,
        "weight_decay": 0.05,
        "momentum": 0.9,
        "adjust_lr_fn": "match_rms_adamw",
    }
    generator = torch.Generator().manual_seed(0)
    for shape in ((8, 24), (24, 8), (16, 16)):
        start = torch.randn(shape, generator=generator)
        gradients = torch.randn(5, *shape, generator=generator)
        ends = []
        for kind in (torch.optim.Muon, Float32Muon):
            weight = torch.nn.Parameter(start.clone())
            optimizer = kind([weight], **settings)
            for gradient in gradients:
                weight.grad = gradient.clone()
                optimizer.step()
            ends.append(weight.detach())
        moved = (ends[0] - start).norm()
        assert (ends[0] - ends[1]).norm() < 0.02 * moved  # bfloat16 has 3 digits
