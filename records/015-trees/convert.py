"""Add inputs to a checkpoint of four kernel predictions: the stack takes the fourth one's place.

usage: convert.py OLD NEW
"""

import sys

import torch
from safetensors.torch import load_file

from tabtransfer.checkpoint import read_header, save_checkpoint
from tabtransfer.network import NetworkConfig, TabularTransformer
from tabtransfer.row_predictions import N_PREDICTIONS

old, new = sys.argv[1:]
header, weights = read_header(old), load_file(old)
settings = header["network"]
config = NetworkConfig(**{**settings, "tasks": tuple(settings["tasks"])})
for task in config.tasks:
    name = f"row_predictions.{task}.weight"
    kernels = weights[name].unflatten(1, (4, -1))
    wide = kernels.new_zeros(len(kernels), N_PREDICTIONS, kernels.shape[-1])
    wide[:, :3], wide[:, -1] = kernels[:, :3], kernels[:, 3]
    weights[name] = wide.flatten(1)
network = TabularTransformer(config)
network.load_state_dict({n: t.float() for n, t in weights.items()})
del header["network"]
save_checkpoint(new, network, header, torch.float16)
