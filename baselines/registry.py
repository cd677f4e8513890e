"""Every method of the leaderboard, by name and by group."""

from __future__ import annotations

from tabtransfer.baselines.autogluon import AUTOGLUON
from tabtransfer.baselines.blend import BLEND, make_blend
from tabtransfer.baselines.catboost import CATBOOST
from tabtransfer.baselines.catboost_bag import CATBOOST_BAG
from tabtransfer.baselines.forest import EXTRA_TREES, RANDOM_FOREST
from tabtransfer.baselines.histogram import HISTOGRAM_BOOSTING
from tabtransfer.baselines.lightgbm import LIGHTGBM
from tabtransfer.baselines.linear import LINEAR
from tabtransfer.baselines.linear_features import LINEAR_FEATURES
from tabtransfer.baselines.method import Method
from tabtransfer.baselines.mlp import MLP
from tabtransfer.baselines.neighbors import NEIGHBORS
from tabtransfer.baselines.pytabkit import REALMLP, TABM
from tabtransfer.baselines.tabicl import TABICL
from tabtransfer.baselines.tabpfn import TABPFN, TABPFN_VERSIONS
from tabtransfer.baselines.transfer import (
    STACK,
    TABTRANSFER,
    TABTRANSFER_FINETUNED,
    TABTRANSFER_SCRATCH,
    TABTRANSFER_SCRATCH_WITHOUT_TREES,
    TABTRANSFER_SYNTHETIC,
    TABTRANSFER_WITHOUT_TREES,
)
from tabtransfer.baselines.tuned_method import make_tuned
from tabtransfer.baselines.tuning import SECONDS
from tabtransfer.baselines.xgboost import XGBOOST
from tabtransfer.errors import TabTransferError, did_you_mean

__all__ = ["GROUPS", "METHODS", "get_method", "resolve_methods"]

_OURS = (TABTRANSFER, TABTRANSFER_FINETUNED, TABTRANSFER_SCRATCH, TABTRANSFER_WITHOUT_TREES)
_COMBINED = (STACK, CATBOOST_BAG)
_TUNABLE = (
    CATBOOST,
    LIGHTGBM,
    XGBOOST,
    RANDOM_FOREST,
    EXTRA_TREES,
    HISTOGRAM_BOOSTING,
    LINEAR,
    NEIGHBORS,
    MLP,
    REALMLP,
    TABM,
)

METHODS: dict[str, Method] = {
    method.name: method for method in (*_OURS, *_COMBINED, *_TUNABLE, TABPFN, TABICL)
}
"""Methods in their default form by name, in the order in which reports list them."""

_TUNED = {f"{method.name}-tuned": method for method in _TUNABLE}
_OF_GROUPS = (
    *(TABTRANSFER_SYNTHETIC, TABTRANSFER_SCRATCH_WITHOUT_TREES, LINEAR_FEATURES),
    *(*TABPFN_VERSIONS, *AUTOGLUON),
)
_BY_NAME = {**METHODS, **{method.name: method for method in _OF_GROUPS}}
_BAG_TUNED = f"{CATBOOST_BAG.name}-tuned"
_NAMES = (*METHODS, *_TUNED, _BAG_TUNED, *(name for name in _BY_NAME if name not in METHODS))

GROUPS: dict[str, tuple[str, ...]] = {
    "all": tuple(METHODS),
    # One for each kind, with what the verdict is drawn from, in minutes on small tables.
    "short": (
        *(TABTRANSFER.name, TABTRANSFER_SCRATCH.name, STACK.name),
        *(CATBOOST.name, RANDOM_FOREST.name, LINEAR.name),
    ),
    # TabM is left out for its time: about a minute for a thousand rows on one core. The tuned
    # forms are those of one method for each family.
    "all-offline": (
        *(method.name for method in (*_OURS, *_COMBINED)),
        *(method.name for method in _TUNABLE if method is not TABM),
        "catboost-tuned",
        "lightgbm-tuned",
        "xgboost-tuned",
        "random-forest-tuned",
        "linear-tuned",
        "nearest-neighbors-tuned",
        "mlp-tuned",
        _BAG_TUNED,
    ),
    # What people would pick in place of one method as it is. AutoGluon searches for minutes a fit.
    "opponents": (
        *(STACK.name, CATBOOST_BAG.name, "catboost-tuned", _BAG_TUNED),
        *("realmlp-tuned", "tabm-tuned", *(method.name for method in AUTOGLUON)),
    ),
    "transfer-gain": (
        *(TABTRANSFER_SCRATCH.name, TABTRANSFER.name, TABTRANSFER_FINETUNED.name),
        *(TABTRANSFER_SYNTHETIC.name, STACK.name, CATBOOST.name, "catboost-tuned", TABPFN.name),
    ),
    # From hand-made to learned to transferred features, each with what the one before lacks.
    "ladder": (
        *(LINEAR.name, LINEAR_FEATURES.name, CATBOOST.name),
        *(TABTRANSFER_SCRATCH_WITHOUT_TREES.name, TABTRANSFER_WITHOUT_TREES.name),
        *(TABTRANSFER.name, TABTRANSFER_FINETUNED.name),
    ),
    "tuned": tuple(_TUNED),
    "tabpfn-versions": tuple(method.name for method in TABPFN_VERSIONS),
}
"""Names that stand for several methods; ``all-offline`` needs no network and no foreign weights,
``transfer-gain`` is what the experiment of that name compares, ``opponents`` what people would pick
where one model as it is isn't enough, ``ladder`` what features and transfer add step by step."""


def get_method(name: str, search_seconds: float = SECONDS) -> Method:
    """Return a method by its name.

    Parameters
    ----------
    name : str
        A key of ``METHODS``, ``NAME-tuned`` for the tuned form of a method that has settings to
        search, ``tabpfn-VERSION``, ``tabtransfer-synthetic``, or ``blend:NAME+NAME`` for a blend of
        these.
    search_seconds : float, default=30.0
        Most seconds of the search of a tuned form.

    Returns
    -------
    Method
        The method.

    Raises
    ------
    TabTransferError
        If there is no such method.

    Examples
    --------
    >>> get_method("catboost").packages
    ('catboost',)
    """
    if name.startswith(BLEND):
        parts = name.removeprefix(BLEND).split("+")
        return make_blend(tuple(get_method(part, search_seconds) for part in parts))
    if name == _BAG_TUNED:
        return make_tuned(CATBOOST, seconds=search_seconds, refit=CATBOOST_BAG)
    if name in _TUNED:
        return make_tuned(_TUNED[name], seconds=search_seconds)
    if name not in _BY_NAME:
        raise TabTransferError(
            f"There is no method {name!r}; the methods are {', '.join(_NAMES)}, and the groups "
            f"{', '.join(GROUPS)}.{did_you_mean(name, (*_NAMES, *GROUPS))}"
        )
    return _BY_NAME[name]


def resolve_methods(text: str, search_seconds: float = SECONDS) -> list[Method]:
    """Return the methods that a comma-separated list of names and groups asks for.

    Parameters
    ----------
    text : str
        Names of methods and keys of ``GROUPS``, such as ``"all-offline,tabm"``.
    search_seconds : float, default=30.0
        Most seconds of each tuned form's search.

    Returns
    -------
    list of Method
        Each method once, in the order of the list.

    Raises
    ------
    TabTransferError
        If there is no such method, or none is named.

    Examples
    --------
    >>> [method.name for method in resolve_methods("linear, linear-tuned, linear")]
    ['linear', 'linear-tuned']
    """
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    if not wanted:
        raise TabTransferError(f"No method given; the methods are {', '.join(_NAMES)}.")
    names = [name for entry in wanted for name in GROUPS.get(entry, (entry,))]
    return [get_method(name, search_seconds) for name in dict.fromkeys(names)]
