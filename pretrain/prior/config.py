"""Settings of the prior."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PriorConfig:
    """How random tables are made; probabilities and ranges are per table unless stated.

    Chosen so that the scores of a constant, a linear model and a random forest spread over
    synthetic tables about as they do over real ones (`tabtransfer prior-report`); but the share of
    tables that are mostly categories is a choice, not measured.
    """

    regression: float = 0.2  # share of batches whose targets are numbers
    categorical: float = 0.15  # share of batches whose tables are mostly categories
    max_classes: int = 10
    class_weights: tuple[float, ...] = (10, 4, 2, 1.5, 1, 0.8, 0.7, 0.6, 0.6)  # 2, 3, … 10
    style_weights: tuple[float, ...] = (4, 2, 3, 3)  # linear, smooth, trees, mixed
    max_depth: int = 3  # layers of the causal graph
    clustered: float = 0.4  # share of tables whose rows come in clusters
    entangled: float = 0.2  # share of tables whose continuous columns share one strong component
    finely_clustered: float = 0.2  # share of tables with many clusters a class
    quiet: float = 0.85  # share of tables with next to no noise on the target
    max_target_noise: float = 0.8  # standard deviations, for the others
    max_label_noise: float = 0.3  # share of labels replaced, in an eighth of the tables
    irrelevant: float = 0.35  # share of tables with irrelevant columns
    repeated: float = 0.12  # share of tables some of whose columns are copies of others
    missing: float = 0.3  # share of tables with missing cells
    max_missing: float = 0.4  # share of a column's cells
    target_from_visible: float = 0.8  # share of tables whose target depends on visible columns only
    min_visible: float = 0.5  # least share of visible parents in the other tables
    target_from_clusters: float = 0.5  # share of clustered tables whose clusters are the classes
    concentration: tuple[float, float] = (0.15, 3.0)  # of the Dirichlet that class shares come from
