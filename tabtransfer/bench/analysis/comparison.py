"""The comparison of methods on one table: errors over its splits, tests against the best, cost."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass

import pandas as pd

from tabtransfer.bench.analysis.paired import ALPHA, describe_p, holm
from tabtransfer.bench.analysis.plain_folds import PlainFolds, plain_folds
from tabtransfer.bench.analysis.resampled import SplitMean, corrected_mean, split_errors, tidy_mean
from tabtransfer.bench.analysis.statistics import drop_cut_splits
from tabtransfer.bench.protocol import GROUPED, TEMPORAL
from tabtransfer.bench.results import LEFT_OUT, OK, without_plain_folds
from tabtransfer.number_text import minus, significant

CLOSE = 0.02
CHEAPER = 0.2
"""A method of at most this share of the best one's time is recommended instead of it, where they
can't be told apart and its mean error is at most the share `CLOSE` above the lowest."""
QUICK = 1.0
"""Seconds of a mean job below which the best method is never given up for a cheaper one."""
FILE = "file:"
"""What the name of a suite begins with that is one table, read from the files that follow."""
JOB_SHARE = 0.25
"""Most of the time of a comparison that one job may take."""
_MOST = 3  # methods that a sentence names
_FEW_SPLITS = 6
_HIGHEST = {"binary": 1.0}  # of an error, where there is one
_ERRORS = {"binary": "1 − ROC AUC", "multiclass": "log-loss", "regression": "RMSE"}


@dataclass(frozen=True)
class Entrant:
    """The results of one method on the table.

    Parameters
    ----------
    method : str
        Its name.
    error : SplitMean
        Its error.
    behind : SplitMean or None
        How much larger its error is than the best method's; None for the best itself.
    p : float
        p-value that the two are equal, corrected by Holm's method for the number of methods; NaN
        for the best, or for one split.
    seconds, memory : float
        Fit and predict of a mean job, and its highest peak of memory in MB.
    """

    method: str
    error: SplitMean
    behind: SplitMean | None
    p: float
    seconds: float
    memory: float

    @property
    def ties(self) -> bool:
        """Whether its error isn't significantly above the best's; true of the best."""
        return self.behind is None or not self.p < ALPHA

    @property
    def untuned(self) -> bool:
        """Whether its settings are fixed: no search, no fine-tuning."""
        return not self.method.endswith(("-tuned", "-finetuned"))


@dataclass(frozen=True)
class Comparison:
    """The comparison of methods on one table.

    Parameters
    ----------
    error_name : str
        What is compared: "1 − ROC AUC", "log-loss" or "RMSE".
    n_splits : int
        Splits that every entrant finished.
    entrants : tuple of Entrant
        Lowest mean error first; methods without a score on every split aren't among them.
    choice : str or None
        Name of the method to use; None where none was measured.
    sentences : tuple of str
        The recommendation, for a reader.
    left_out : dict of str to str
        Why other methods aren't among the entrants.
    plain : PlainFolds or None
        What plain folds would have said of the method to use, where folds are grouped or temporal.
    """

    error_name: str
    n_splits: int
    entrants: tuple[Entrant, ...]
    choice: str | None
    sentences: tuple[str, ...]
    left_out: dict[str, str]
    plain: PlainFolds | None = None


def compare_methods(results: pd.DataFrame) -> Comparison:
    """Compare the methods on one table and recommend one.

    The best method by its mean error is recommended, unless it takes more than a second and another
    can't be told apart from it (corrected resampled t-test, Holm's correction, 5 %), takes at most
    a fifth of its time and has a mean error at most 2 % above. The best is picked on the splits
    that it is tested on, which flatters it.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table, of one table.

    Returns
    -------
    Comparison
        The comparison.
    """
    whole, results = results, without_plain_folds(results)
    name = _ERRORS[results["task"].iloc[0]]
    errors = split_errors(results)
    entrants = _rank(errors, results)
    left_out = _left_out(results, set(errors.columns))
    if not entrants:
        return Comparison(name, 0, (), None, ("No method finished.",), left_out)
    best = entrants[0]
    cheap = [
        one
        for one in entrants[1:]
        if len(errors) > 1
        and best.seconds > QUICK
        and one.ties
        and one.error.mean <= (1 + CLOSE) * best.error.mean
        and one.seconds <= CHEAPER * best.seconds
    ]
    choice = min(cheap, key=lambda one: one.seconds, default=best)
    plain = plain_folds(whole, choice.method, {one.method: one.error.mean for one in entrants})
    sentences = _recommend(name, entrants, choice)
    more = ("" if plain is None else plain.sentence, _caution(results))
    sentences += tuple(sentence for sentence in more if sentence)
    return Comparison(name, len(errors), entrants, choice.method, sentences, left_out, plain)


def is_one_table(results: pd.DataFrame) -> bool:
    """Return whether results are of a single table at a single size."""
    return len(results.groupby(["suite", "table", "max_train"])) == 1


def comparison_command(results: pd.DataFrame) -> str:
    """Return the command that measures these results of one table again.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table, of a suite that begins with `FILE`.

    Returns
    -------
    str
        A command line of ``tabtransfer compare``.
    """
    results = without_plain_folds(results)
    row = results.iloc[0]
    files = quote_again(row["suite"].removeprefix(FILE))
    methods = shlex.quote(",".join(dict.fromkeys(results["method"])))
    task = "regression" if row["task"] == "regression" else "classification"
    option = {GROUPED: "--group", TEMPORAL: "--time-column"}.get(row["splits"])
    folds = "" if option is None else f"{option} {shlex.quote(row['folds_by'])} "
    return (
        f"tabtransfer compare {files} --target {shlex.quote(row['target'])} --task {task} {folds}"
        f"--time {results['time_limit'].iloc[-1] / JOB_SHARE:.0f}s --methods {methods} "
        f"--seed {row['seed']} --max-train {row['max_train']} --threads {row['n_threads']} "
        f"--jobs {results['n_jobs'].max()}"
    )


def quote_again(words: str) -> str:
    """Quote the words of a command from a results table again, as anybody may have written it.

    Examples
    --------
    >>> quote_again("a.csv 'b c.csv'"), quote_again("a.csv; touch b")
    ("a.csv 'b c.csv'", "'a.csv;' touch b")
    """
    try:
        return shlex.join(shlex.split(words))
    except ValueError:  # a quote isn't closed
        return shlex.quote(words)


def _rank(errors: pd.DataFrame, results: pd.DataFrame) -> tuple[Entrant, ...]:
    kept = drop_cut_splits(results)
    jobs = kept[(kept["status"] == OK) & kept["method"].isin(errors.columns)]
    rows = jobs["n_train"].mean(), jobs["n_test"].mean()
    seconds = (jobs["fit_seconds"] + jobs["predict_seconds"]).groupby(jobs["method"]).mean()
    memory = jobs.groupby("method")["peak_memory_mb"].max()
    order = [str(name) for name in errors.mean().sort_values(kind="stable").index]
    behind = [
        tidy_mean(corrected_mean(errors[name] - errors[order[0]], *rows), errors)
        for name in order[1:]
    ]
    known = len(errors) > 1
    corrected = holm([one.p for one in behind]) if known else [math.nan] * len(behind)
    highest = _HIGHEST.get(results["task"].iloc[0], math.inf)
    means = [
        tidy_mean(corrected_mean(errors[name], *rows), errors, (0.0, highest)) for name in order
    ]
    return tuple(
        Entrant(name, mean, gap, p, seconds[name], memory[name])
        for name, mean, gap, p in zip(
            order, means, [None, *behind], [math.nan, *corrected], strict=False
        )
    )


def _left_out(results: pd.DataFrame, measured: set[str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    others = results[(results["status"] != OK) & ~results["method"].isin(measured)]
    for row in others.sort_values("split", kind="stable").itertuples():
        status = "" if row.status == LEFT_OUT else f"{row.status.replace('_', ' ')}: "
        reasons.setdefault(str(row.method), f"{status}{row.reason}")
    return reasons


def _recommend(name: str, entrants: tuple[Entrant, ...], choice: Entrant) -> tuple[str, ...]:
    best, others = entrants[0], entrants[1:]
    if not others:
        return (
            f"Only {best.method} finished: there is nothing to compare it with. Give it more time, "
            "or other methods; below is why the others didn't.",
        )
    if best.error.n_splits < 2:
        return (
            f"{best.method} has the lowest {name}, {significant(best.error.mean)}, on the only "
            "split that was measured: one split can't tell methods apart. Give it more time.",
        )
    ties = [one for one in others if one.ties]
    first = f"Use {choice.method}: " + (
        _lead(name, best, others[0]) if choice is best else _equal(name, best, choice)
    )
    sentences = [first]
    rest = [one for one in ties if one is not choice]
    if choice is best and rest:
        sentences.append(f"{_list(rest)} can't be told apart from it here.")
    elif rest:
        sentences.append(f"Nor can {_list(rest)}.")
    if best.error.n_splits < _FEW_SPLITS:
        sentences.append(f"{best.error.n_splits} splits tell little: more time would tell more.")
    return tuple(sentences)


def _lead(name: str, best: Entrant, second: Entrant) -> str:
    text = (
        f"it has the lowest {name}, {significant(best.error.mean)} on average over "
        f"{best.error.n_splits} "
        f"splits, and takes {_seconds(best)}"
    )
    if second.ties or second.behind is None:
        return f"{text}."
    gap, base = second.behind, second.error.mean / 100
    facts = [significant(second.error.mean)]
    if not math.isnan(gap.low):
        ends = " to ".join(minus(f"{end / base:.1f}") for end in (gap.low, gap.high))
        facts.append(f"95 % interval {ends} %, {describe_p(second.p)}")
    return (
        f"{text}. That is {gap.mean / base:.1f} % below {second.method}, the next "
        f"({'; '.join(facts)})."
    )


def _equal(name: str, best: Entrant, choice: Entrant) -> str:
    tuning = "needs no tuning and " if choice.untuned and not best.untuned else ""
    return (
        f"it can't be told apart from {best.method}, whose {name} is the lowest "
        f"({significant(choice.error.mean)} against {significant(best.error.mean)} over "
        f"{best.error.n_splits} "
        f"splits, {describe_p(choice.p)}), and {tuning}takes "
        f"{_seconds(choice)} instead of {_seconds(best)}."
    )


def _caution(results: pd.DataFrame) -> str:
    """Return what speaks against trusting the scores; "" for nothing."""
    said = results["warnings"].iloc[0]
    return f"Too good to be true? {said}" if isinstance(said, str) and said else ""


def _list(entrants: list[Entrant]) -> str:
    shown = [f"{one.method} ({describe_p(one.p)}, {_seconds(one)})" for one in entrants[:_MOST]]
    if len(entrants) > _MOST:
        shown.append(f"{len(entrants) - _MOST} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _seconds(one: Entrant) -> str:
    return f"{one.seconds:.0f} s" if one.seconds >= 10 else f"{one.seconds:.2g} s"
