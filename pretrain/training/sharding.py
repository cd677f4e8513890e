"""Shard a network's weights over devices (FSDP)."""

from __future__ import annotations

from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard, register_fsdp_forward_method
from torch.distributed.tensor import DTensor

from tabtransfer.errors import TabTransferError
from tabtransfer.network.transformer import TabularTransformer


def shard_network(network: TabularTransformer, mesh: DeviceMesh) -> None:
    """Shard a network in place, block by block.

    Parameters
    ----------
    network : TabularTransformer
        The network, the same on every process.
    mesh : DeviceMesh
        The devices, in one dimension.

    Raises
    ------
    TabTransferError
        If a width of the network isn't a multiple of the number of devices: the optimizer (Muon)
        can't step unequal shares of a matrix.
    """
    for width in (network.config.d_cell, network.config.d_row):
        if width % mesh.size():
            raise TabTransferError(
                f"a network of widths {network.config.d_cell} (cells) and {network.config.d_row} "
                f"(rows) can't be spread over {mesh.size()} devices: both must be multiples of "
                "their number; take fewer devices or a wider network."
            )
    for block in (*network.rows.blocks, *network.context.blocks):
        fully_shard(block, mesh=mesh)
        register_fsdp_forward_method(block, "read")
    fully_shard(network, mesh=mesh)


def gather_network(network: TabularTransformer) -> TabularTransformer:
    """Return a sharded network in one piece again; every process has to call this.

    Parameters
    ----------
    network : TabularTransformer
        Sharded or not.

    Returns
    -------
    TabularTransformer
        A whole copy where the network is sharded, otherwise the network itself.
    """
    parameters = dict(network.named_parameters())
    if not any(isinstance(parameter, DTensor) for parameter in parameters.values()):
        return network
    weights = {
        name: p.full_tensor() if isinstance(p, DTensor) else p for name, p in parameters.items()
    }
    whole = TabularTransformer(network.config).to(next(iter(weights.values())).device)
    whole.load_state_dict(weights)
    return whole
