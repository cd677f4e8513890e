"""The estimators as a model of AutoGluon, and so of TabArena.

TabArena measures models that derive from AutoGluon's ``AbstractModel`` (Erickson et al. 2025,
arXiv:2506.16791; https://github.com/autogluon/tabarena). Its packages aren't among this package's
extras, as they need Python 3.11: ``pip install tabarena``. Then:

.. code-block:: python

    from tabarena.utils.config_utils import ConfigGenerator
    from tabtransfer.tabarena import TabTransferModel

    generator = ConfigGenerator(model_cls=TabTransferModel, manual_configs=[{}], search_space={})
    experiments = generator.generate_all_bag_experiments(num_random_configs=0)

and TabArena runs ``experiments`` on its tables as those of any other model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tabtransfer.errors import TabTransferError

if TYPE_CHECKING:
    import pandas as pd

try:
    from autogluon.core.models import AbstractModel
except ImportError:

    class AbstractModel:  # type: ignore[no-redef]
        """A stand-in where AutoGluon isn't installed, so that this module can be imported."""

        def __init__(self, **kwargs: Any) -> None:
            raise TabTransferError(
                "TabTransferModel derives from AutoGluon's models, which aren't installed: "
                "pip install tabarena"
            )


__all__ = ["TabTransferModel"]


class TabTransferModel(AbstractModel):  # type: ignore[misc]
    """Wrap `TabTransferClassifier` and `TabTransferRegressor` for AutoGluon.

    Hyperparameters are the estimators' own arguments, such as ``{"n_estimators": 8}``; AutoGluon
    sets ``random_state``, and its CPUs, GPUs and time are the ``n_threads``, ``device`` and
    ``time_limit`` where these aren't given. After bagging, the model is fitted once more on all
    rows, as TabArena has it for other pretrained models.

    Raises
    ------
    TabTransferError
        AutoGluon isn't installed.

    Examples
    --------
    >>> from autogluon.tabular import TabularPredictor  # doctest: +SKIP
    >>> predictor = TabularPredictor("species").fit(
    ...     frame, hyperparameters={TabTransferModel: [{}]}
    ... )  # doctest: +SKIP
    """

    ag_key = "TABTRANSFER"
    ag_name = "TabTransfer"
    seed_name = "random_state"
    _supported_problem_types = ("binary", "multiclass", "regression")

    def _fit(
        self,
        X: pd.DataFrame,
        y: pd.Series,
        num_cpus: int = 1,
        num_gpus: float = 0,
        time_limit: float | None = None,
        sample_weight: Any = None,
        **kwargs: Any,
    ) -> None:
        from tabtransfer import TabTransferClassifier, TabTransferRegressor

        device = "auto" if num_gpus else "cpu"
        params = {"device": device, "n_threads": num_cpus, **self._get_model_params()}
        if time_limit is not None:
            params.setdefault("time_limit", time_limit)
        regresses = self.problem_type == "regression"
        estimator = TabTransferRegressor if regresses else TabTransferClassifier
        self.model = estimator(**params).fit(
            self.preprocess(X, y=y, is_train=True), y, sample_weight=sample_weight
        )

    def _get_default_auxiliary_params(self) -> dict[str, Any]:
        kinds = ["bool", "int", "float", "category"]
        return {**super()._get_default_auxiliary_params(), "valid_raw_types": kinds}

    @classmethod
    def _get_default_ag_args_ensemble(cls, **kwargs: Any) -> dict[str, Any]:
        return {**super()._get_default_ag_args_ensemble(**kwargs), "refit_folds": True}

    def _more_tags(self) -> dict[str, bool]:
        return {"can_refit_full": True}
