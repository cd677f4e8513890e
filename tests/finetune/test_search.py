from dataclasses import replace

import numpy as np
import pytest

from tabtransfer.finetune import search
from tabtransfer.finetune.config import FinetuneConfig, FinetuneRecord
from tabtransfer.finetune.search import search_settings
from tabtransfer.finetune.watch import tell, watching
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable


@pytest.fixture
def find(make_network, monkeypatch, tmp_path):
    """Search with a tuning whose loss is known: low weight decay is best."""
    tried = []

    def tune(network, training, config, **options):
        loss = float(np.log(config.weight_decay))
        tried.append((config, loss))
        tell(0, [(0, 0.0), (10, loss)])
        return network, FinetuneRecord("base", "", tuned_loss=loss), None

    monkeypatch.setattr(search, "finetune_network", tune)
    X = np.arange(20.0)[:, None]
    training = LabelledTable(TableEncoder().fit(X).transform(X), np.arange(20) % 2, 2)
    network = make_network()

    def find(n_trials, config=None):
        said = []
        config = replace(config or FinetuneConfig(), trials=n_trials, folder=tmp_path / "m")
        with watching(lambda *_: None, lambda number, loss: said.append((number, loss))):
            best = search_settings(network, training, config, max_context_rows=100, seed=0)
        return best, said, tried

    return find


def test_the_best_settings_are_found_and_bad_trials_ended_early(find):
    best, said, tried = find(10)
    assert best.weight_decay == min(config.weight_decay for config, _ in tried)
    assert best.children == FinetuneConfig().children and best.trials == 0
    assert {config.children for config, _ in tried} == {2}
    assert [number for number, _ in said] == list(range(10))
    ended = [loss for _, loss in said if loss is None]
    assert 0 < len(ended) < 8


def test_a_search_goes_on_where_it_was(find):
    whole, _, _ = find(6)
    again, said, _ = find(6)
    assert again == whole and not said
    _, said, _ = find(8)
    assert [number for number, _ in said] == [6, 7]
    other, said, _ = find(1, replace(FinetuneConfig(), episode_rows=64))
    assert other.episode_rows == 64 and len(said) == 1  # of other settings, it is another search
