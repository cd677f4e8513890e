"""Blocks of the network as compiled code: one launch for many small operations."""

from __future__ import annotations

import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import TabularTransformer

# Of one block's code, which all blocks share: padded columns, weighted rows, and the last layer's
# fewer queries each make another; of a fixed shape there are six, as rows and context have
# training rows and queries, and the rows' last layer has fewer queries of both.
_MOST_VARIANTS = 64
_OF_A_SHAPE = 6


def compile_blocks(network: TabularTransformer, strategy: str, n_shapes: int = 0) -> None:
    """Compile the attention blocks of a network in place.

    The first steps then take minutes; what is compiled is kept in torch's cache for the next run.
    For fixed shapes, torch captures a CUDA graph of each block, forward and backward, and replays
    it: one launch, after its inputs are copied. That **has not been run on a GPU**; on a CPU the
    same call compiles without graphs. The next forward pass overwrites the gradients that graphs
    leave, so the optimizers must step after every batch.

    Parameters
    ----------
    network : TabularTransformer
        The network; its parameters keep their names.
    strategy : str
        How devices share the work, as in `Hardware`.
    n_shapes : int, default=0
        How many shapes of tasks there are (`fixed_shapes`), each compiled for itself; 0: code for
        any number of rows and columns.

    Raises
    ------
    TabTransferError
        If the weights are to be spread over devices, which this was never tried with.
    """
    if strategy == "fsdp":
        raise TabTransferError(
            "--compile and the strategy fsdp were never tried together; give one of them."
        )
    for block in (*network.rows.blocks, *network.context.blocks):
        if n_shapes:
            most = max(_MOST_VARIANTS, _OF_A_SHAPE * n_shapes)
            block.compile(dynamic=False, mode="reduce-overhead", recompile_limit=most)
        else:
            block.compile(dynamic=True, recompile_limit=_MOST_VARIANTS)
    if n_shapes:  # what earlier steps left may be overwritten
        network.register_forward_pre_hook(lambda *_: torch.compiler.cudagraph_mark_step_begin())
