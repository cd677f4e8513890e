import numpy as np
from sklearn.ensemble import RandomForestClassifier

from tabtransfer.baselines.forest import make_random_forest
from tabtransfer.datasets.suites import load_table


def test_predictions_are_those_of_a_forest_on_numbered_categories():
    table = load_table("penguins")
    by_hand = table.X.copy()
    for name in ("island", "sex"):
        text = by_hand[name].astype(object).where(by_hand[name].notna(), "__missing__")
        by_hand[name] = text.map({value: i for i, value in enumerate(sorted(set(text)))})
    # Categories come first in the pipeline.
    order = ["island", "sex", *(name for name in by_hand if name not in ("island", "sex"))]
    values = by_hand[order].to_numpy(dtype=float)
    assert np.isnan(values).sum() == 8
    forest = RandomForestClassifier(n_estimators=300, random_state=5)
    expected = forest.fit(values[::2], table.y[::2]).predict_proba(values[1::2])
    ours = make_random_forest(random_state=5, n_threads=1).fit(table.X[::2], table.y[::2])
    assert np.allclose(ours.predict_proba(table.X[1::2]), expected)
    assert list(ours.classes_) == list(forest.classes_)


def test_threads_reach_the_forest():
    assert make_random_forest(random_state=0, n_threads=2).get_params()["model__n_jobs"] == 2
