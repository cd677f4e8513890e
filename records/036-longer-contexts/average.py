"""Average checkpoints of runs that started from the same weights (Wortsman et al. 2022).

usage: python records/036-longer-contexts/average.py SHARPENING OUT.safetensors RUN RUN...

Each RUN is a folder of `tabtransfer pretrain`. The header is the first run's, whose history gets
the other runs.
"""

import dataclasses
import sys
from pathlib import Path

import torch

from tabtransfer.checkpoint import load_checkpoint, read_header, save_checkpoint


def main():
    sharpening, out, *runs = sys.argv[1:]
    files = [Path(run) / "final.safetensors" for run in runs]
    networks, headers = [load_checkpoint(file) for file in files], [read_header(f) for f in files]
    average = {
        name: torch.stack([network.state_dict()[name] for network in networks]).mean(0)
        for name in networks[0].state_dict()
    }
    networks[0].load_state_dict(average)
    networks[0].config = dataclasses.replace(networks[0].config, sharpening=float(sharpening))
    header = {key: value for key, value in headers[0].items() if key not in ("network", "history")}
    others = [other["training"] for other in headers[1:]]
    header["history"] = headers[0]["history"] + others
    save_checkpoint(out, networks[0], header, torch.float16)


if __name__ == "__main__":
    main()
