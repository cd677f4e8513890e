"""Muon for the hidden matrices, AdamW for the rest."""

from __future__ import annotations

import torch
from torch import nn

from tabtransfer.pretrain.training.muon import StackedMuon

MUON_LR = 2e-3
ADAMW_LR = 1.5e-3


def build_optimizers(network: nn.Module) -> list[torch.optim.Optimizer]:
    """Split a network's parameters between two optimizers.

    Muon (Jordan et al. 2024) takes every matrix of the row and context stages, whose
    updates it orthogonalises; AdamW takes embeddings, heads, norms and scales.

    Parameters
    ----------
    network : nn.Module
        A `TabularTransformer`, or another network with stages of these names.

    Returns
    -------
    list of torch.optim.Optimizer
        Muon, then AdamW.

    Examples
    --------
    >>> from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
    >>> muon, adamw = build_optimizers(TabularTransformer(NetworkConfig()))
    >>> isinstance(muon, torch.optim.Muon), isinstance(adamw, torch.optim.AdamW)
    (True, True)
    """
    hidden: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        inside = name.split(".")[0] in {"rows", "context", "blocks"}
        matrix = parameter.ndim == 2 and name.endswith("weight")
        (hidden if inside and matrix else rest).append(parameter)
    return [
        StackedMuon(
            hidden,
            lr=MUON_LR,
            weight_decay=0.05,
            momentum=0.95,
            adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(rest, lr=ADAMW_LR, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
    ]
