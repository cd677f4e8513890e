"""Time training steps of two versions on a CPU, taking turns, and compare their losses.

usage: python paired.py BEFORE NOW [--steps 40] [--rounds 4]

BEFORE and NOW are folders that hold a version as it is installed (`tabtransfer/`, with `pretrain/`
and the other folders in it). Each turn is a process that trains the network of the preset `cpu`
from the same weights on the same stream, batches of a quarter of its cells without trees, for which
operations weigh more; the seconds of its core a step are counted, the first ones aside, and every
loss is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace

WARMING = 5  # steps, not timed


def train(n_steps: int) -> None:
    """Train for some steps; print their losses and the seconds of a step."""
    from tabtransfer.pretrain.training import clock, module, run, start
    from tabtransfer.pretrain.training.recipe import Hardware, Recipe
    from tabtransfer.pretrain.training.stream import StreamConfig

    losses: list[float] = []
    marks: list[float] = []
    task_loss, readings = module.task_loss, count()

    def noted(*given):
        loss = task_loss(*given)
        losses.append(float(loss.detach()))
        marks.append(time.process_time())
        return loss

    module.task_loss = noted
    start.N_SYNTHETIC_VALIDATION = 1
    run.validation_score = lambda *_: {"log_loss": 0.0}
    clock.time = SimpleNamespace(
        monotonic=lambda: next(readings) / 10
    )  # a tenth of a second a step
    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe(stream=StreamConfig(cells=10_240, max_tasks=8, learner_share=0.0))
        run.pretrain(Path(folder) / "run", n_steps / 10, recipe, hardware=Hardware("cpu"))
    taken = (marks[-1] - marks[WARMING]) / (len(marks) - 1 - WARMING)
    print(json.dumps({"losses": losses, "seconds": taken}))


def turn(folder: str, n_steps: int) -> dict:
    """Train with one version, in a process."""
    command = [sys.executable, __file__, folder, folder, "--steps", str(n_steps), "--train"]
    paths = {"PYTHONPATH": folder, "PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=os.environ | paths, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Let the versions take turns, and print how they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("versions", nargs=2)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--train", action="store_true", help="what a turn's process does")
    options = parser.parse_args()
    if options.train:
        train(options.steps)
        return
    turns: list[list[dict]] = [[], []]
    for round_number in range(options.rounds):
        for which in (0, 1) if round_number % 2 == 0 else (1, 0):
            turns[which].append(turn(options.versions[which], options.steps))
            print(round_number, ("before", "now")[which], turns[which][-1]["seconds"], flush=True)
    before, now = ([one["seconds"] for one in both] for both in turns)
    ratios = [new / old for old, new in zip(before, now, strict=True)]
    apart = [abs(a - b) for a, b in zip(turns[0][0]["losses"], turns[1][0]["losses"], strict=True)]
    print(
        f"seconds a step: {statistics.median(before):.3f} before, {statistics.median(now):.3f} now"
    )
    print(f"now / before, by round: {', '.join(f'{ratio:.3f}' for ratio in ratios)}")
    print(
        f"largest difference of losses: {max(apart):.2g}; last losses {turns[0][0]['losses'][-1]}"
    )


if __name__ == "__main__":
    main()
