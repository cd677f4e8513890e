"""Mix the shipped weights with those of a run that started from them.

usage: python records/040-half-way-to-long-contexts/mix.py SHARE SHARPENING RUN OUT.safetensors

RUN is a folder of `tabtransfer pretrain`, whose header is kept.
"""

import copy
import dataclasses
import sys
from pathlib import Path

import torch

from tabtransfer.checkpoint import load_checkpoint, read_header, save_checkpoint


def main():
    share, sharpening, run, out = sys.argv[1:]
    path, share = Path(run) / "final.safetensors", float(share)
    shipped, trained = load_checkpoint(None).state_dict(), load_checkpoint(path).state_dict()
    network = copy.deepcopy(load_checkpoint(path))
    network.load_state_dict(
        {name: (1.0 - share) * shipped[name] + share * trained[name] for name in trained}
    )
    network.config = dataclasses.replace(network.config, sharpening=float(sharpening))
    header = {key: value for key, value in read_header(path).items() if key != "network"}
    header["training"] = header["training"] | {
        "note": f"{share:g} of the way from the weights after the first nine runs to these "
        "(records/040-half-way-to-long-contexts); scores are those of the run"
    }
    save_checkpoint(out, network, header, torch.float16)


if __name__ == "__main__":
    main()
