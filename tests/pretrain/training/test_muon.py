"""Muon on stacks of matrices takes the steps that torch's takes one by one."""

import pytest
import torch

from tabtransfer.pretrain.training import muon
from tabtransfer.pretrain.training.muon import StackedMuon

SETTINGS = {"lr": 0.01, "weight_decay": 0.05, "momentum": 0.9, "adjust_lr_fn": "match_rms_adamw"}
SHAPES = ((8, 24), (24, 8), (16, 16), (16, 16))


def _steps(kind, starts, gradients, found_inf=None):
    weights = [torch.nn.Parameter(start.clone()) for start in starts]
    optimizer = kind(weights, **SETTINGS)
    if found_inf is not None:
        optimizer.found_inf = found_inf
    for step in gradients:
        for weight, gradient in zip(weights, step, strict=True):
            weight.grad = gradient.clone()
        optimizer.step()
    return [weight.detach() for weight in weights], optimizer


def _made(n_steps=5):
    generator = torch.Generator().manual_seed(0)
    starts = [torch.randn(shape, generator=generator) for shape in SHAPES]
    gradients = [
        [torch.randn(shape, generator=generator) for shape in SHAPES] for _ in range(n_steps)
    ]
    return starts, gradients


@pytest.mark.parametrize("fast", [True, False])
def test_stacks_take_the_steps_of_torchs_own(fast, monkeypatch):
    monkeypatch.setattr(muon, "has_fast_bfloat16", lambda _: fast)
    starts, gradients = _made()
    (ours, _), (torchs, _) = (
        _steps(kind, starts, gradients) for kind in (StackedMuon, torch.optim.Muon)
    )
    for start, our, their in zip(starts, ours, torchs, strict=True):
        moved = (their - start).norm()
        assert (our - their).norm() < 0.02 * moved  # bfloat16 has 3 digits


def test_a_run_goes_on_with_the_state_of_torchs_own():
    starts, gradients = _made(4)
    _, torchs = _steps(torch.optim.Muon, starts, gradients[:2])
    ours = StackedMuon(torchs.param_groups[0]["params"], **SETTINGS)
    ours.load_state_dict(torchs.state_dict())
    buffers = [state["momentum_buffer"].clone() for state in ours.state_dict()["state"].values()]
    for weight, gradient in zip(torchs.param_groups[0]["params"], gradients[2], strict=True):
        weight.grad = gradient
    ours.step()
    after = [state["momentum_buffer"] for state in ours.state_dict()["state"].values()]
    for buffer, now, gradient in zip(buffers, after, gradients[2], strict=True):
        torch.testing.assert_close(now, buffer.lerp(gradient, 0.1))


def test_a_step_that_is_called_off_changes_nothing():
    starts, gradients = _made(1)
    broken = [[torch.full_like(gradient, torch.nan) for gradient in gradients[0]]]
    ends, optimizer = _steps(StackedMuon, starts, broken, torch.ones(()))
    for start, end in zip(starts, ends, strict=True):
        assert (start == end).all()
    for state in optimizer.state.values():
        assert (state["momentum_buffer"] == 0.0).all()


def test_one_that_counts_is_taken_as_ever():
    starts, gradients = _made(3)
    plain, _ = _steps(StackedMuon, starts, gradients)
    told, _ = _steps(StackedMuon, starts, gradients, torch.zeros(()))
    for one, other in zip(plain, told, strict=True):
        torch.testing.assert_close(one, other)


def test_away_from_cpus_many_matrices_cost_no_more_operations_than_two():
    from torch.utils._python_dispatch import TorchDispatchMode

    class Counted(TorchDispatchMode):
        n = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            self.n += not function.is_view
            return function(*args, **(kwargs or {}))

    counts = []
    for n_matrices in (2, 12):
        weights = [torch.nn.Parameter(torch.ones(4, 4, device="meta")) for _ in range(n_matrices)]
        optimizer = StackedMuon(weights, **SETTINGS)
        for weight in weights:
            weight.grad = torch.ones_like(weight)
        optimizer.step()  # makes the states
        with Counted() as counted:
            optimizer.step()
        counts.append(counted.n)
    assert counts[0] == counts[1] < 40
