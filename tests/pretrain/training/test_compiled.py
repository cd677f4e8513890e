"""Which blocks are compiled, and that their parameters keep their names."""

import pytest
import torch

from tabtransfer.errors import TabTransferError
from tabtransfer.network.attention import Block
from tabtransfer.network.transformer import NetworkConfig, TabularTransformer
from tabtransfer.pretrain.prior import PriorConfig, sample_batch
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


def test_for_fixed_shapes_graphs_are_captured_and_a_step_is_marked(monkeypatch):
    compiled, marked = [], []
    monkeypatch.setattr(Block, "compile", lambda block, **settings: compiled.append(settings))
    monkeypatch.setattr(torch.compiler, "cudagraph_mark_step_begin", lambda: marked.append(1))
    network = TabularTransformer(SMALL)
    compile_blocks(network, "auto", n_shapes=12)
    assert len(compiled) == 5
    assert all(
        settings == {"dynamic": False, "mode": "reduce-overhead", "recompile_limit": 72}
        for settings in compiled
    )
    generator = torch.Generator().manual_seed(0)
    network(sample_batch(PriorConfig(), 2, 24, 3, 16, generator))
    assert len(marked) == 1


def test_sharded_blocks_are_refused():
    with pytest.raises(TabTransferError, match="fsdp"):
        compile_blocks(TabularTransformer(SMALL), "fsdp")
