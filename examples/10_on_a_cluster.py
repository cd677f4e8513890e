"""
On a cluster
============

Where training, measuring and predicting go when one machine isn't enough.
"""

# %%
# **Training.** A preset has the sizes for one core, one GPU, eight (``eight-gpu``), or 64 on
# several machines (``internet``). A dry run checks it and plans memory and time without such a
# device.

import subprocess
import sys


def tabtransfer(*words: str) -> None:
    """Run a command, and print what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "tabtransfer", *words], capture_output=True, text=True
    )
    print(done.stdout or done.stderr)


tabtransfer("pretrain", "--preset", "one-gpu", "--dry-run")

# %%
# Started by the cluster's launcher (``srun``, ``torchrun``) on every machine, ``tabtransfer
# pretrain`` finds the others through Lightning. SIGTERM to any process saves the state of all, and
# the same command goes on, on any number of devices.
#
# **Measuring.** ``tabtransfer benchmark --backend ray`` (or ``dask``) gives each job to a
# processor of the cluster (extra ``cluster``). Without one, run parts on several machines with
# ``--methods`` and join them:
#
# .. code-block:: sh
#
#     tabtransfer merge first/results.parquet second/results.parquet --out all.parquet
#     tabtransfer report all.parquet
#
# **Predicting.** ``tabtransfer predict --engine ray`` scores pieces of files on a Ray cluster, in
# order and as one machine does:
#
# .. code-block:: sh
#
#     tabtransfer predict churn.model "months/*.parquet" --out scores.parquet --engine ray
#
# Multi-GPU training of more than two processes is tested by dry runs alone so far.
