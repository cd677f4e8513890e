"""The conditions that results were measured under, and what went wrong."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from tabtransfer.bench.protocol import DEPENDENT
from tabtransfer.bench.results import LEFT_OUT, OK, SKIPPED


def describe_conditions(results: pd.DataFrame) -> dict[str, Any]:
    """Return the versions, machines and settings that the results were measured with."""
    finished = results[results["status"] == OK]
    versions: dict[str, list[str]] = {}
    packages: dict[str, list[str]] = {}
    for row in results.drop_duplicates(["method", "versions"]).itertuples():
        for package, version in json.loads(row.versions).items():
            plain, _, weights = version.partition("+weights")
            versions.setdefault(package, [])
            if plain not in versions[package]:
                versions[package].append(plain)
            if weights or package not in {"python", "tabtransfer"}:
                packages.setdefault(row.method, []).append(f"{package} {version}")
    return {
        "processors": unique(results, "cpu") + _gpus(results),
        "n_threads": unique(results, "n_threads"),
        "n_jobs": unique(results, "n_jobs"),
        "seeds": unique(results, "seed"),
        "max_train": unique(results, "max_train"),
        "max_test": unique(results, "max_test"),
        "splits": _name_splits(results),
        "n_splits": int(results["split"].max()) + 1,
        "n_train": [int(finished["n_train"].min()), int(finished["n_train"].max())]
        if len(finished)
        else None,
        "versions": {name: " / ".join(found) for name, found in versions.items()},
        "packages": packages,
        "n_jobs_done": {status: int(n) for status, n in results["status"].value_counts().items()},
        "finished": results["finished"].max()[:10],
    }


def _name_splits(results: pd.DataFrame) -> str:
    kind = results["splits"].iloc[0]
    return f"{kind} (by {results['folds_by'].iloc[0]})" if kind in DEPENDENT else "stratified"


def _gpus(results: pd.DataFrame) -> list[str]:
    """Return the GPUs that methods computed on, each with the names of these."""
    rows = results[results["device"].fillna("cpu") != "cpu"]
    return [
        f"{device} for {', '.join(sorted(set(part['method'])))}"
        for device, part in rows.groupby("device")
    ]


def list_troubles(results: pd.DataFrame) -> list[dict[str, Any]]:
    """Return failures and skips, those with the same method and reason together."""
    rows = results[results["status"] != OK]
    groups = rows.groupby(["method", "status", "reason"], sort=True)
    return [
        {
            "method": method,
            "status": status,
            "reason": reason,
            "n_jobs": len(part),
            "tables": list(dict.fromkeys(part["table"])),
        }
        for (method, status, reason), part in groups
    ]


def describe_troubles(results: pd.DataFrame) -> str:
    """Return a sentence that counts jobs that failed, were skipped or weren't begun; "" for none.

    Parameters
    ----------
    results : pandas.DataFrame
        The results table.

    Examples
    --------
    >>> import pandas as pd
    >>> describe_troubles(pd.DataFrame({"status": ["ok", "skipped", "failed", "timeout"]}))
    '2 jobs failed or ran into a limit, 1 was skipped; the report says why.'
    """
    status = results["status"]
    kinds = (
        ("failed or ran into a limit", ~status.isin([OK, SKIPPED, LEFT_OUT])),
        ("{was} skipped", status == SKIPPED),
        ("{was} not measured for want of time", status == LEFT_OUT),
    )
    told: list[str] = []
    for what, mask in kinds:
        n = int(mask.sum())
        if n:
            jobs = "" if told else (" job" if n == 1 else " jobs")
            told.append(f"{n}{jobs} {what.format(was='was' if n == 1 else 'were')}")
    return f"{', '.join(told)}; the report says why." if told else ""


def unique(results: pd.DataFrame, name: str) -> list[Any]:
    """Return a column's values, each once, in the order of the rows."""
    return list(dict.fromkeys(results[name]))
