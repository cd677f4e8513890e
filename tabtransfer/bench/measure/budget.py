"""The methods of a comparison, and how many hyperparameter searches its time allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tabtransfer.baselines.blend import N_FOLDS as BLEND_FOLDS
from tabtransfer.baselines.blend import make_blend
from tabtransfer.baselines.method import Method
from tabtransfer.baselines.registry import GROUPS, get_method
from tabtransfer.baselines.tuning import SECONDS
from tabtransfer.bench.analysis.comparison import JOB_SHARE
from tabtransfer.bench.analysis.resampled import split_errors
from tabtransfer.bench.protocol import FINETUNED, SCRATCH, STACK, WITHOUT_TREES
from tabtransfer.bench.results import OK

if TYPE_CHECKING:
    import pandas as pd

WANTED_SPLITS = 6
"""Two repeats of three folds: with fewer, intervals are twice as wide and more."""
REPORT_SECONDS = 9.0
"""Of a processor: what drawing the report of a comparison takes, with the imports for it."""
_MOST_BUSY = 4.0
_FINALISTS = 3
_BLEND_FITS = BLEND_FOLDS + 1  # a member of a blend is fitted to each fold and to all rows
_TUNED = "-tuned"
# They answer what transfer adds, or take the time of a search.
_NO_CANDIDATES = (FINETUNED, SCRATCH, WITHOUT_TREES, STACK, "catboost-bag")


def default_methods() -> list[Method]:
    """Return the methods that need no network and no search, ours among them.

    Examples
    --------
    >>> [method.name for method in default_methods()][:3]
    ['tabtransfer', 'catboost', 'lightgbm']
    """
    names = [name for name in GROUPS["all-offline"] if not name.endswith(_TUNED)]
    return [get_method(name) for name in names if name not in _NO_CANDIDATES]


def affordable_searches(
    seconds: float, n_jobs: int, first_split: Mapping[str, float]
) -> list[Method]:
    """Choose searches that leave the time for `WANTED_SPLITS` splits of every method.

    Parameters
    ----------
    seconds : float
        Time that is left.
    n_jobs : int
        Jobs at a time.
    first_split : mapping of str to float
        Seconds that a job took of each method that went well on the first split.

    Returns
    -------
    list of Method
        CatBoost tuned, then our network fine-tuned, then others tuned, as long as they fit in; of
        methods that went well alone.

    Examples
    --------
    >>> [method.name for method in affordable_searches(600, 1, {"catboost": 5, "linear": 0.1})]
    ['catboost-tuned', 'linear-tuned']
    >>> affordable_searches(60, 1, {"catboost": 5})
    []
    """
    spare = seconds * n_jobs - (WANTED_SPLITS - 1) * sum(first_split.values())
    tuned = [name for name in GROUPS["all-offline"] if name.endswith(_TUNED)]
    chosen = []
    for name in sorted({FINETUNED, *tuned}, key=["catboost-tuned", FINETUNED, *tuned].index):
        base = name.removesuffix(_TUNED) if name != FINETUNED else "tabtransfer"
        if base not in first_split:
            continue
        cost = SECONDS + first_split[base]
        if cost <= seconds * JOB_SHARE and WANTED_SPLITS * cost <= spare:
            chosen.append(get_method(name))
            spare -= WANTED_SPLITS * cost
    return chosen


def affordable_blend(seconds: float, n_jobs: int, results: pd.DataFrame) -> Method | None:
    """Choose a blend of the finalists, if there is time for `WANTED_SPLITS` splits of it.

    Parameters
    ----------
    seconds : float
        Time that is left.
    n_jobs : int
        Jobs at a time.
    results : pandas.DataFrame
        The results table of the splits so far.

    Returns
    -------
    Method or None
        The blend of the three methods of lowest mean error, those that search settings left out.
    """
    errors = split_errors(results).mean()
    quick = [name for name in errors.index if not name.endswith((_TUNED, FINETUNED))]
    finalists = [str(name) for name in errors[quick].nsmallest(_FINALISTS).index]
    well = results[results["status"] == OK]
    cost = well.groupby("method")["job_seconds"].mean()
    of_blend = _BLEND_FITS * float(cost.reindex(finalists).sum())
    n_left = max(0, WANTED_SPLITS - well["split"].nunique())
    spare = seconds * n_jobs - n_left * float(cost.sum())
    if len(finalists) < 2 or of_blend > seconds * JOB_SHARE or WANTED_SPLITS * of_blend > spare:
        return None
    return make_blend(tuple(get_method(name) for name in finalists))


def seconds_to_fit(results: pd.DataFrame, n_rows: int) -> float:
    """Estimate what it takes to fit the slowest method of the results to more rows.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.
    n_rows : int
        Rows to fit to; time is taken to grow in proportion.

    Returns
    -------
    float
        Seconds; 0 where no method went well.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"status": ["ok", "failed"], "n_train": [100, None], "fit_seconds": [2.0, None]}
    >>> seconds_to_fit(pd.DataFrame(rows), 300)
    6.0
    """
    well = results[results["status"] == OK]
    seconds = well["fit_seconds"] * n_rows / well["n_train"]
    return float(seconds.max()) if len(seconds) else 0.0


def suite_report_seconds(n_methods: int) -> float:
    """Estimate the seconds of a processor that the report of a suite of tables takes.

    Examples
    --------
    >>> suite_report_seconds(6), suite_report_seconds(24)
    (20.0, 38.0)
    """
    return 14.0 + n_methods


def seconds_beside(wall: float, processor: float, report: float = REPORT_SECONDS) -> float:
    """Estimate what a command takes beside measuring: reading tables, and the report.

    Parameters
    ----------
    wall, processor : float
        Seconds that reading took, and those of the processor, which are fewer on a busy machine.
    report : float, default=REPORT_SECONDS
        Seconds of a processor that the report takes.

    Examples
    --------
    >>> seconds_beside(2.0, 2.0), seconds_beside(2.0, 1.0)
    (11.0, 20.0)
    """
    return wall + report * min(max(wall / max(processor, 0.01), 1.0), _MOST_BUSY)
