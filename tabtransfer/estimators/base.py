"""The base class of the classifier and the regressor."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state, estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from tabtransfer.checkpoint import SHIPPED, load_checkpoint
from tabtransfer.device import device_at_hand, find_device
from tabtransfer.errors import ColumnWarning, TabTransferError
from tabtransfer.estimators.derived import DerivedResults
from tabtransfer.estimators.parameters import check_parameters
from tabtransfer.finetune.config import FinetuneConfig, FinetuneRecord
from tabtransfer.finetune.loop import finetune_network
from tabtransfer.finetune.modes import config_of
from tabtransfer.inference.calibration import Calibration, fit_temperature
from tabtransfer.inference.fitted import FittedModel, ModelWithoutRows
from tabtransfer.inference.fitting import add_blend, add_learners, build_model, prepare_rows
from tabtransfer.inference.kept_network import KeptNetwork
from tabtransfer.inference.placement import placed
from tabtransfer.inference.resources import Resources
from tabtransfer.inference.settings import FitSettings, TaskType
from tabtransfer.inference.untaught import Untaught
from tabtransfer.inference.views import KINDS, ViewKind
from tabtransfer.learners import FittedLearners
from tabtransfer.network.transformer import TabularTransformer
from tabtransfer.preprocessing.encoder import TableEncoder
from tabtransfer.preprocessing.labelled_table import LabelledTable
from tabtransfer.preprocessing.related_rows import add_related
from tabtransfer.preprocessing.training_input import read_training
from tabtransfer.threads import torch_threads

if TYPE_CHECKING:
    from tabtransfer.preprocessing.column_notes import ColumnNote

__all__ = ["InContextEstimator"]

# Attributes that `fit` sets.
_LEARNED = (
    *("_fitted", "finetuning_", "context_cached_", "fit_seconds_"),
    *("n_features_in_", "feature_names_in_"),
)

_SAVED = "saved"  # names the state that is a saved model


class InContextEstimator(DerivedResults, BaseEstimator):
    """Predict with a pretrained network that reads the training rows as its context.

    See `TabTransferClassifier` and `TabTransferRegressor` for the parameters.
    """

    _finetune_config = FinetuneConfig()
    _view_kinds: ClassVar[tuple[ViewKind, ...]] = KINDS
    _task: ClassVar[TaskType]

    def __init__(
        self,
        n_estimators: int | None = None,
        *,
        calibrate: bool = False,
        finetune: bool | str | FinetuneConfig = False,
        checkpoint: str | os.PathLike[str] | None = None,
        max_context_rows: int = 4096,
        time_limit: float | None = 60.0,
        trees: bool = True,
        random_state: int | np.random.RandomState | None = None,
        device: str = "auto",
        n_threads: int | None = None,
        memory_limit: int | None = None,
        verbose: bool = False,
    ) -> None:
        self.n_estimators = n_estimators
        self.calibrate = calibrate
        self.finetune = finetune
        self.checkpoint = checkpoint
        self.max_context_rows = max_context_rows
        self.time_limit = time_limit
        self.trees = trees
        self.random_state = random_state
        self.device = device
        self.n_threads = n_threads
        self.memory_limit = memory_limit
        self.verbose = verbose

    def __sklearn_is_fitted__(self) -> bool:
        return "_fitted" in vars(self)

    @property
    def fitted_(self) -> FittedModel:
        """All that `fit` made, in one record."""
        check_is_fitted(self)
        if isinstance(self._fitted, ModelWithoutRows):
            raise TabTransferError(
                "This model was loaded without its training rows, which it predicts from: give "
                "them again, tabtransfer.load(path, X, y), or fit it."
            )
        return self._fitted

    @fitted_.setter
    def fitted_(self, fitted: FittedModel | ModelWithoutRows) -> None:
        self._fitted: FittedModel | ModelWithoutRows = fitted

    @property
    def encoder_(self) -> TableEncoder:
        """What was learned of the columns."""
        return self._known("encoder")

    @property
    def learners_(self) -> FittedLearners | None:
        """The forest, the boosted trees and the kernel whose predictions the network reads."""
        return self._known("learners")

    @property
    def ensemble_(self) -> Any:
        """The training rows and the members that read them."""
        return self._known("ensemble")

    @property
    def calibration_(self) -> Calibration:
        """The temperature, and the loss out of fold without and with it."""
        return self._present("calibration_", self._known("calibration"))

    @property
    def network_(self) -> TabularTransformer:
        """The network, if it is this table's own and not a checkpoint's."""
        return self._present("network_", self._known("network").finetuned)

    @property
    def device_(self) -> str:
        """The device that predictions are computed on: that of the parameter ``device``."""
        self._known("resources")  # AttributeError before `fit`
        try:
            return str(find_device(self.device))
        except TabTransferError as error:  # set since `fit`; `dir` expects no other error
            raise AttributeError(str(error)) from error

    @property
    def n_estimators_(self) -> int:
        """Members of the ensemble that a row is asked of."""
        return self.ensemble_.n_members

    @property
    def n_context_rows_(self) -> int:
        """Most training rows that a member reads at once."""
        return self.ensemble_.n_context_rows

    @property
    def context_strategy_(self) -> str:
        """How the rows that members read were chosen."""
        return self.ensemble_.context_strategy

    @property
    def column_notes_(self) -> list[ColumnNote]:
        """What to know of how columns were read: see `tabtransfer.preprocessing.column_notes`.

        Computed when asked for. With ``verbose``, `fit` gives each as a `ColumnWarning`, which
        `warnings.filterwarnings` can silence.
        """
        from tabtransfer.preprocessing.column_notes import column_notes

        rows, n_classes = self.fitted_.rows, len(getattr(self, "classes_", ()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ColumnWarning)
            return column_notes(self.encoder_, rows.X, rows.labels, n_classes)

    def _html_repr(self) -> str:
        """Show what was fitted below what scikit-learn shows."""
        shown = estimator_html_repr(self)
        if not isinstance(vars(self).get("_fitted"), FittedModel):
            return shown
        from tabtransfer.estimators.summary import fit_html

        return shown + fit_html(self)

    def _known(self, name: str) -> Any:
        """Return a part of the fitted model; AttributeError where there is none."""
        return getattr(vars(self).get("_fitted"), name)

    def _present(self, name: str, value: Any) -> Any:
        if value is None:
            raise AttributeError(f"{type(self).__name__} has no {name}.")
        return value

    def _fit(self, X: Any, y: Any, sample_weight: Any, related: Any) -> None:
        """Read the training rows, and tune weights and temperature on them if asked to."""
        self.check_parameters()
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self._forget()
        started = perf_counter()
        try:
            self._learn(X, y, sample_weight, related, seed)
            self.fit_seconds_ = perf_counter() - started
        except BaseException:  # an interrupted fit leaves no half of a model either
            self._forget()
            raise

    def check_parameters(self) -> None:
        """Raise a `TabTransferError` unless the parameters are ones that `fit` can use."""
        check_parameters(self.get_params())

    def _forget(self) -> None:
        """Delete what an earlier fit left."""
        for name in _LEARNED:
            self.__dict__.pop(name, None)

    def _learn(self, X: Any, y: Any, sample_weight: Any, related: Any, seed: int) -> None:
        settings = FitSettings.of(self._task, self.get_params(), self._view_kinds)
        given = read_training(self, X, y, sample_weight)
        if related is not None:
            is_regression = self._task == "regression"
            given = add_related(given, related, is_regression, self.max_context_rows, seed)
        prepared = prepare_rows(given, settings, seed)
        prepared = add_learners(prepared, self._resources_now())
        with torch_threads(self.n_threads):
            network, untaught = self._starting_network(seed), None
            if self._finetunes:
                network, untaught = self._adapt(network, prepared.training, seed)
            calibration = None
            if self.calibrate:
                calibration = self._fit_temperature(network, untaught, prepared.training, seed)
            kept = self._kept(network)
            fitted = build_model(prepared, kept, self._resources_now(), calibration)
            self.context_cached_ = fitted.read_contexts()
            self.fitted_ = add_blend(fitted, prepared, untaught)
        if self.verbose:
            for note in self.column_notes_:
                warnings.warn(str(note), ColumnWarning, stacklevel=3)

    def _resources_now(self) -> Resources:
        return Resources.of(self)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Pickles and copies hold the attributes as they are.
        return object.__new__, (type(self),), super().__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without pickling, as skops asks for it: what `save` writes."""
        if not self.__sklearn_is_fitted__():
            return super().__getstate__()
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            self.save(path)
            return {_SAVED: path.read_bytes()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if _SAVED not in state:
            super().__setstate__(state)
            if isinstance(vars(self).get("_fitted"), FittedModel):
                self.device = device_at_hand(self.device)  # of another machine, it may be
                self._fitted = replace(self.fitted_, resources=self._resources_now())
            return
        from tabtransfer.saving.archive import read_model

        with TemporaryDirectory() as folder:
            path = Path(folder) / "model"
            path.write_bytes(state[_SAVED])
            self.__dict__.update(read_model(path, {type(self).__name__: type(self)}).__dict__)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        # Not the string tag: it stands for input whose cells are not looked at.
        tags.input_tags.categorical = True
        return tags

    @property
    def _finetunes(self) -> bool:
        return self.finetune is not False

    def _starting_network(self, seed: int) -> TabularTransformer:
        """Return the network that fine-tuning starts from, or that predicts as it is."""
        network = load_checkpoint(self.checkpoint)
        if self._task not in network.config.tasks:
            raise TabTransferError(
                f"The checkpoint {self.checkpoint or SHIPPED} has no {self._task} head, only "
                f"{' and '.join(network.config.tasks)}: pass one that was pretrained for "
                f"{self._task} as checkpoint=."
            )
        return network

    def _adapt(
        self, network: TabularTransformer, training: LabelledTable, seed: int
    ) -> tuple[TabularTransformer, Untaught | None]:
        """Return the network fine-tuned, or as it is, on the CPU; also what judges a tuned one."""
        start = placed(network, find_device(self.device))
        config, found = config_of(self.finetune, self._finetune_config), None
        common: dict[str, Any] = dict(
            max_context_rows=self.max_context_rows, seed=seed, kinds=self._view_kinds
        )
        if config.trials:
            from tabtransfer.finetune.search import search_settings

            config = search_settings(start, training, config, **common)
            found = replace(config, folder=None)
        tuned, record, untaught = finetune_network(
            start, training, config, time_limit=self.time_limit, verbose=self.verbose, **common
        )
        self.finetuning_: FinetuneRecord = replace(record, found=found)
        if untaught is None:
            return network, None
        return tuned.cpu(), replace(untaught, network=untaught.network.cpu())

    def _fit_temperature(
        self,
        network: TabularTransformer,
        untaught: Untaught | None,
        training: LabelledTable,
        seed: int,
    ) -> Calibration:
        judged = network if untaught is None else untaught.network
        return fit_temperature(
            placed(judged, find_device(self.device)),
            training,
            untaught=None if untaught is None else untaught.rows,
            max_context_rows=self.max_context_rows,
            time_limit=self.time_limit,
            seed=seed,
            kinds=self._view_kinds,
        )

    def _kept(self, network: TabularTransformer) -> KeptNetwork:
        """Return what to keep of a network."""
        return KeptNetwork.of(network, self.checkpoint)
