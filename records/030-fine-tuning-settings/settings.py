"""Fine-tune validation tables by several settings.

usage: settings.py MANIFEST OUT.csv MOST_TRAINING_ROWS TABLE...
"""

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
from tabtransfer.preprocessing.training_input import TrainingInput
from tabtransfer.pretrain.real_tables.corpus import load_corpus
from tabtransfer.pretrain.real_tables.drawn_rows import draw_rows

LARGEST_TEST = 1000
TRAIN_SHARE = 0.65
CONFIGS = {
    "usual": {},
    "low": {"learning_rate": 1e-5, "weight_decay": 0.3},
    "high": {"learning_rate": 1e-4},
    "long": {"max_steps": 150},
    "last": {"learning_rate": 3e-4, "layers": 1 / 3},
}

warnings.simplefilter("ignore")
torch.set_num_threads(1)
manifest, out, most, *names = sys.argv[1:]
tables = {
    table.name: (table, kind)
    for kind in ("classification", "regression")
    for table in load_corpus(Path(manifest), kind)
}
done = set()
if Path(out).exists():
    with open(out) as file:
        done = {(row["table"], row["setting"]) for row in csv.DictReader(file)}
network = load_checkpoint()
for name in names:
    if all((name, setting) in done for setting in CONFIGS):
        continue
    table, kind = tables[name]
    n_rows = round(int(most) / TRAIN_SHARE)
    rows, labels, n_train = draw_rows(table, kind, n_rows, TRAIN_SHARE, seed=1)
    X = table.X.iloc[rows].reset_index(drop=True)
    last = min(len(rows), n_train + LARGEST_TEST)
    given = TrainingInput(X[:n_train], labels[:n_train], None)
    prepared = prepare_rows(given, FitSettings(kind, None, 4096), 0)
    prepared = add_learners(prepared, Resources(1))

    def test_loss(weights, prepared=prepared, X=X[n_train:last], labels=labels[n_train:last]):
        model = build_model(prepared, KeptNetwork(weights, None, ""), Resources(1))
        query = LabelledTable(model.encode(X), labels, prepared.training.n_classes)
        return model.ensemble.loss(weights, query)

    before = test_loss(network)
    for setting, changes in CONFIGS.items():
        if (name, setting) in done:
            continue
        start = time.time()
        config = FinetuneConfig(**{"children": 2, "least_probability": 0.0, **changes})
        tuned, record = finetune_network(
            network, prepared.training, config, max_context_rows=4096, time_limit=None, seed=0
        )
        row = {
            "table": name,
            "training_rows": n_train,
            "classes": prepared.training.n_classes,
            "setting": setting,
            "judged_before": record.base_loss,
            "judged_after": record.tuned_loss,
            "gain": record.gain,
            "low": record.gain_low,
            "high": record.gain_high,
            "probability": record.probability,
            "curve": " ".join(f"{step}:{loss:.4f}" for step, loss in record.curve),
            "test_before": before,
            "test_after": test_loss(tuned),
            "steps": record.n_steps,
            "seconds": round(time.time() - start),
        }
        new = not Path(out).exists()
        with open(out, "a") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(
            name,
            n_train,
            setting,
            row["gain"],
            row["probability"],
            before,
            row["test_after"],
            row["seconds"],
            flush=True,
        )
