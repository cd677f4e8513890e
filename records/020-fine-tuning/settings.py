"""Fine-tune validation tables by several settings: settings.py FOLDER OUT.csv TABLE..."""

import csv
import sys
import time
import warnings
from pathlib import Path

import torch

from tabtransfer.checkpoint import load_checkpoint
from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.finetune.loop import finetune_network
from tabtransfer.inference.fitting import add_learners, build_model, prepare_rows
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.resources import Resources
from tabtransfer.inference.settings import FitSettings
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.drawn_rows import draw_rows

COMMON = {"max_steps": 40, "children": 2, "check_every": 10, "episode_rows": 400}
CONFIGS = {
    "today": {"learning_rate": 1e-4, "weight_decay": 0.01},
    "mid": {"learning_rate": 3e-5, "weight_decay": 0.1},
    "low": {"learning_rate": 1e-5, "weight_decay": 0.3},
    "last": {"learning_rate": 1e-4, "weight_decay": 0.01, "layers": 1 / 3},
}

warnings.simplefilter("ignore")
torch.set_num_threads(1)
folder, out, *names = sys.argv[1:]
tables = {
    table.name: (table, kind)
    for kind in ("classification", "regression")
    for table in load_corpus(Path(folder), kind)
}
network = load_checkpoint()
for name in names:
    table, kind = tables[name]
    rows, labels, n_train = draw_rows(table, kind, 1200, 0.65, seed=1)
    X = table.X.iloc[rows].reset_index(drop=True)
    prepared = prepare_rows(X[:n_train], labels[:n_train], None, FitSettings(kind, 2, 4096), 0)
    prepared = add_learners(prepared, Resources(1))

    def test_loss(weights, prepared=prepared, X=X[n_train:], labels=labels[n_train:]):
        model = build_model(prepared, KeptNetwork(weights, None, ""), Resources(1))
        query = LabelledTable(model.encode(X), labels, prepared.training.n_classes)
        return model.ensemble.loss(weights, query)

    before = test_loss(network)
    for config, changes in CONFIGS.items():
        start = time.time()
        settings = FinetuneConfig(**{**COMMON, **changes, "least_probability": 0.0})
        tuned, record = finetune_network(
            network, prepared.training, settings, max_context_rows=4096, time_limit=None, seed=0
        )
        row = {
            "table": name,
            "n": n_train,
            "k": prepared.training.n_classes,
            "config": config,
            "held_base": record.base_loss,
            "held_tuned": record.tuned_loss,
            "gain": record.gain,
            "low": record.gain_low,
            "high": record.gain_high,
            "p": record.probability,
            "curve": " ".join(f"{step}:{loss:.4f}" for step, loss in record.curve),
            "test_base": before,
            "test_tuned": test_loss(tuned),
            "steps": record.n_steps,
            "seconds": round(time.time() - start),
        }
        new = not Path(out).exists()
        with open(out, "a") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
