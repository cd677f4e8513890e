"""The number of members of an ensemble whose user doesn't set it."""

from __future__ import annotations

from tabtransfer.inference.views import MAX_COLUMNS

USUAL, FEWEST = 4, 2  # FEWEST is one of each kind of view
MANY_ROWS = 2_000  # of a context; members that read so many alike differ little


def ensemble_size(
    n_rows: float,
    n_columns: int,
    n_classes: int,
    max_context_rows: int,
    max_classes: int,
    by_clusters: bool = False,
) -> int:
    """Return the number of members: fewer where all would read the same many rows, or by clusters.

    Members that read a sample of the rows, a part of the columns or a part of the classes
    each know something that the others don't, so there are always four of them; likewise for
    numbers, whose views differ more. Classifying members that all read the same many rows
    agree, and cost the more: ``records/013-members``. Where half of them read by clusters, two are
    as good as four: ``records/042-contexts-by-clusters``.

    Parameters
    ----------
    n_rows : float
        Training rows; a row of weight 2 counts twice.
    n_columns : int
        Columns of the table.
    n_classes : int
        Classes; 0 if the targets are numbers.
    max_context_rows : int
        Most training rows that a member reads at once.
    max_classes : int
        Most classes that the network tells apart at once.
    by_clusters : bool, default=False
        Whether half of the members read by clusters (`tabtransfer.inference.contexts`).

    Returns
    -------
    int

    Examples
    --------
    >>> from tabtransfer.inference.ensemble_size import ensemble_size
    >>> [ensemble_size(n, 20, 2, 4096, 10) for n in (1000, 3000, 5000)]
    [4, 2, 4]
    """
    if by_clusters:
        return FEWEST
    alike = 0 < n_classes <= max_classes and n_columns <= MAX_COLUMNS and n_rows <= max_context_rows
    return FEWEST if alike and n_rows > MANY_ROWS else USUAL
