"""Add a part of what a run changed to the shipped weights.

usage: python records/044-inputs-from-a-share/mix.py SHARE START.safetensors RUN OUT.safetensors

RUN is a folder of `tabtransfer pretrain` that started from START, and whose header is kept.
"""

import copy
import sys
from pathlib import Path

import torch

from tabtransfer.checkpoint import load_checkpoint, read_header, save_checkpoint


def main():
    share, start, run, out = sys.argv[1:]
    path, share = Path(run) / "final.safetensors", float(share)
    shipped, before, after = (
        load_checkpoint(source).state_dict() for source in (None, Path(start), path)
    )
    network = copy.deepcopy(load_checkpoint(path))
    network.load_state_dict(
        {name: shipped[name] + share * (after[name] - before[name]) for name in after}
    )
    header = {key: value for key, value in read_header(path).items() if key != "network"}
    header["training"] = header["training"] | {
        "note": f"{share:g} of what this run changed, added to the weights before it "
        "(records/044-inputs-from-a-share); scores are those of the run"
    }
    save_checkpoint(out, network, header, torch.float16)


if __name__ == "__main__":
    main()
