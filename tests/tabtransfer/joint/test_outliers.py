import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabtransfer import TabTransferError, TabTransferGenerator, TabTransferOutlierDetector


@pytest.fixture(scope="module")
def detector(table):
    columns = ["size", "double", "sign", "flag"]
    return TabTransferOutlierDetector(n_orders=2, random_state=0).fit(table[columns])


@pytest.fixture(scope="module")
def strange(table, detector):
    """Rows whose cells are each common, and don't go together."""
    frame = table[list(detector.feature_names_in_)][:20].reset_index(drop=True)
    return frame.assign(double=-frame["double"], size=frame["size"] + 0.01)


@pytest.mark.slow
@parametrize_with_checks([TabTransferOutlierDetector(n_orders=1)])
def test_scikit_learn_checks(estimator, check, regression_checkpoint):
    check(estimator.set_params(checkpoint=regression_checkpoint))


def test_rows_whose_cells_do_not_go_together_score_low(detector, table, strange):
    usual = table[list(strange)][:20].assign(size=lambda rows: rows["size"] + 0.01)
    scores = detector.score_samples(pd.concat([usual, strange], ignore_index=True))
    assert roc_auc_score(np.repeat([1, 0], 20), scores) > 0.9


def test_new_categories_and_numbers_far_away_are_strange(detector, table):
    row = table[list(detector.feature_names_in_)][:1]
    scores = detector.score_samples(
        pd.concat([row, row.assign(sign="none"), row.assign(double=1e6)], ignore_index=True)
    )
    assert np.isfinite(scores).all() and scores[1:].max() < scores[0] - 2.0


def test_contamination_is_the_share_of_training_rows(detector, table):
    outliers = detector.predict(table[list(detector.feature_names_in_)]) == -1
    assert outliers.sum() == 8


def test_missing_cells_count_where_training_rows_had_some(detector, table, regression_checkpoint):
    row = table[list(detector.feature_names_in_)][:1].astype({"double": float})
    gone = row.assign(double=np.nan)
    assert np.isfinite(detector.score_samples(gone)).all()
    holes = table[["size", "double"]].copy()
    holes.loc[holes["size"] > 0.0, "double"] = np.nan
    scores = TabTransferOutlierDetector(n_orders=2, random_state=0).fit(holes).score_samples
    low = holes[holes["size"].between(-1.5, -0.5)][:5].assign(
        size=lambda rows: rows["size"] + 0.001
    )
    assert (scores(low) > scores(low.assign(double=np.nan))).all()


def test_generators_score_rows_alike(table, strange):
    columns = list(strange)
    generator = TabTransferGenerator(1, random_state=0).fit(table[columns])
    usual = table[columns][:20]
    assert generator.score_samples(usual).mean() > generator.score_samples(strange).mean() + 1.0


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"contamination": 0.7}, "contamination"), ({"n_orders": 0}, "n_orders")],
)
def test_parameters_that_mean_nothing_are_refused(parameters, message):
    with pytest.raises(TabTransferError, match=message):
        TabTransferOutlierDetector(**parameters).fit([[1.0], [2.0]])


def test_outliers_do_not_make_each_other_look_usual(regression_checkpoint, monkeypatch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    strange = rng.normal(4.0, 0.3, 8)
    X = np.stack([np.append(x, strange), np.append(x, -strange)], axis=1)

    def area():
        detector = TabTransferOutlierDetector(n_orders=2, contamination=0.01, random_state=0)
        detector.fit(X)
        return roc_auc_score(np.arange(68) >= 60, -detector.score_samples(X))

    robust = area()
    monkeypatch.setattr("tabtransfer.joint.outliers._STRANGE", 0.0)
    assert robust > max(area(), 0.9)


def test_texts_that_only_one_half_of_the_rows_has(regression_checkpoint):
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(list("abcd"), 4)) for _ in range(80)]
    frame = pd.DataFrame({"number": random.normal(size=80), "text": texts})
    model = TabTransferOutlierDetector(1, random_state=0, checkpoint=regression_checkpoint)
    assert np.isfinite(model.fit(frame).score_samples(frame)).all()
