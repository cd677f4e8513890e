"""A search for settings of fine-tuning by Optuna, kept in a file and taken up again."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tabtransfer.finetune.config import FinetuneConfig
from tabtransfer.finetune.loop import finetune_network
from tabtransfer.finetune.state import digest_of
from tabtransfer.finetune.watch import Curve, tell_trial, watching
from tabtransfer.inference.views import KINDS, ViewKind
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.labelled_table import LabelledTable

if TYPE_CHECKING:
    import optuna

__all__ = ["search_settings"]

_CHILDREN = 2  # of a trial


def search_settings(
    network: TabularTransformer,
    training: LabelledTable,
    config: FinetuneConfig,
    *,
    max_context_rows: int,
    seed: int,
    kinds: Sequence[ViewKind] = KINDS,
) -> FinetuneConfig:
    """Search for the settings of least loss on rows held out.

    Trials that are behind the median of those before are ended early. A trial has two children,
    and holds out other rows than the fit that follows.

    Parameters
    ----------
    network : TabularTransformer
        Where to start.
    training : LabelledTable
        The training rows, with what learners predict.
    config : FinetuneConfig
        The settings that aren't searched for, and how many trials there are, those kept beside
        its folder counted: a search that was stopped goes on with them.
    max_context_rows : int
        Most rows that the network reads at once.
    seed : int
        Seed of the search and the trials.
    kinds : sequence of ViewKind, default=KINDS
        Kinds of view to practise and validate in.

    Returns
    -------
    FinetuneConfig
        The best settings, without trials; those given, if no trial came to its end.
    """
    n_trials, config = config.trials, replace(config, trials=0, auto=False)
    path = None if config.folder is None else Path(config.folder).with_suffix(".trials")
    study = _open(path, digest_of(network, training, config, seed))
    _fail_those_killed(study)
    for number in range(_n_tried(study), n_trials):
        study.sampler = _sampler(seed, number)
        trial = study.ask()
        loss = _try(study, trial, network, training, config, max_context_rows, seed, kinds)
        tell_trial(number, loss)
    finished = [trial for trial in study.get_trials() if trial.value is not None]
    if not any(trial.state.name == "COMPLETE" for trial in finished):
        return config
    return _settings(study.best_trial.params, config)


def _try(
    study: optuna.Study,
    trial: optuna.Trial,
    network: TabularTransformer,
    training: LabelledTable,
    config: FinetuneConfig,
    max_context_rows: int,
    seed: int,
    kinds: Sequence[ViewKind],
) -> float | None:
    """Run a trial; return its loss, or None where it was ended early."""
    import optuna

    chosen = {
        "learning_rate": trial.suggest_float("learning_rate", 3e-6, 3e-4, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-3, 0.5, log=True),
        "max_steps": trial.suggest_int("max_steps", 20, 100, step=20),
        "layers": trial.suggest_categorical("layers", [1.0, 0.5, 0.2]),
    }

    def watch(child: int, curve: Curve) -> None:
        if child == 0:
            trial.report(curve[-1][1] - curve[0][1], curve[-1][0])
            if trial.should_prune():
                raise optuna.TrialPruned

    settings = replace(_settings(chosen, config), children=_CHILDREN, folder=None)
    try:
        with watching(watch):
            _, record, _ = finetune_network(
                network,
                training,
                settings,
                max_context_rows=max_context_rows,
                time_limit=None,
                seed=seed + 1,
                kinds=kinds,
            )
    except optuna.TrialPruned:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        return None
    loss = record.tuned_loss
    if loss is None:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    else:
        study.tell(trial, loss)
    return loss


def _settings(chosen: Mapping[str, object], config: FinetuneConfig) -> FinetuneConfig:
    return replace(config, **chosen)  # type: ignore[arg-type]


def _open(path: Path | None, name: str) -> optuna.Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    logging.getLogger("optuna").setLevel(logging.WARNING)
    storage = None if path is None else JournalStorage(JournalFileBackend(str(path)))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3)
    return optuna.create_study(
        storage=storage, pruner=pruner, study_name=name[:16], load_if_exists=True
    )


def _sampler(seed: int, number: int) -> optuna.samplers.BaseSampler:
    """Return a sampler seeded for a trial, so that a search taken up again draws the same."""
    from optuna.samplers import TPESampler

    return TPESampler(seed=seed + number, n_startup_trials=5)


def _n_tried(study: optuna.Study) -> int:
    return sum(trial.state.name in ("COMPLETE", "PRUNED") for trial in study.get_trials())


def _fail_those_killed(study: optuna.Study) -> None:
    from optuna.trial import TrialState

    for trial in study.get_trials():
        if not trial.state.is_finished():
            study.tell(trial.number, state=TrialState.FAIL)
