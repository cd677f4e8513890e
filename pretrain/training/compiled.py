"""Blocks of the network as compiled code: one launch for many small operations."""

from __future__ import annotations

from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import TabularTransformer

# Of one block's code: padded columns, weighted rows, and the last layer's fewer queries each
# make another.
_MOST_VARIANTS = 64


def compile_blocks(network: TabularTransformer, strategy: str) -> None:
    """Compile the attention blocks of a network in place, for any number of rows and columns.

    The first steps then take minutes; what is compiled is kept in torch's cache for the next run.

    Parameters
    ----------
    network : TabularTransformer
        The network; its parameters keep their names.
    strategy : str
        How devices share the work, as in `Hardware`.

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
        block.compile(dynamic=True, recompile_limit=_MOST_VARIANTS)
