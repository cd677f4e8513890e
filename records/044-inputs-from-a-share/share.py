"""Let the learners' inputs of classes start from a share of the kernels' weights.

usage: python records/044-inputs-from-a-share/share.py SHARE OUT.safetensors

The learners' (trees' and the chosen kernel's) get that share of the mean of three kernels' weights
more, and these so much less.
"""

import copy
import sys

import torch

from tabtransfer.checkpoint import SHIPPED, load_checkpoint, read_header, save_checkpoint


def main():
    share, out = float(sys.argv[1]), sys.argv[2]
    network = copy.deepcopy(load_checkpoint(None))
    weights = network.row_predictions["classification"].weight
    with torch.no_grad():
        by_input = weights.unflatten(1, (8, network.config.max_classes))
        by_input[:, 4:7] += share * by_input[:, :3].mean(1, keepdim=True)
        by_input[:, :3] *= 1.0 - share
    header = {key: value for key, value in read_header(SHIPPED).items() if key != "network"}
    save_checkpoint(out, network, header, torch.float16)


if __name__ == "__main__":
    main()
