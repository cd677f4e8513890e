"""Which blocks are compiled, and that their parameters keep their names."""

import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.network.attention import Block
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.training.compiled import compile_blocks

SMALL = NetworkConfig(d_cell=8, n_summary=2, row_layers=2, context_layers=3)


def test_every_block_is_compiled_for_any_size_and_names_stay(monkeypatch):
    compiled = []
    monkeypatch.setattr(
        Block, "compile", lambda block, **settings: compiled.append((block, settings))
    )
    network = TabularTransformer(SMALL)
    before = network.state_dict().keys()
    compile_blocks(network, "auto")
    assert [block for block, _ in compiled] == [*network.rows.blocks, *network.context.blocks]
    assert all(settings["dynamic"] for _, settings in compiled)
    assert network.state_dict().keys() == before


def test_sharded_blocks_are_refused():
    with pytest.raises(TabTransferError, match="fsdp"):
        compile_blocks(TabularTransformer(SMALL), "fsdp")
