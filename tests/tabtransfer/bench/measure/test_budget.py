from tabtransfer.bench.measure.budget import (
    affordable_blend,
    affordable_searches,
    default_methods,
)

FIRST_SPLIT = {"tabtransfer": 2.0, "catboost": 6.0, "linear": 0.1, "random-forest": 1.0}


def names(seconds, n_jobs=1, first_split=FIRST_SPLIT):
    return [method.name for method in affordable_searches(seconds, n_jobs, first_split)]


def test_searches_are_those_that_fit_beside_six_splits_of_all():
    # Five more splits of all cost 46 s, six of CatBoost tuned 216 s, of our fine-tuning 192 s.
    assert names(250) == ["tabtransfer-finetuned"]
    assert names(263) == ["catboost-tuned"]
    assert names(455) == ["catboost-tuned", "tabtransfer-finetuned"]
    assert names(220) == []  # not even the linear model's, of 181 s
    assert names(150, n_jobs=2) == ["catboost-tuned"]


def test_a_search_longer_than_a_job_may_take_is_left_out():
    assert names(60, n_jobs=100) == []


def test_only_methods_that_went_well_are_searched():
    assert "random-forest-tuned" in names(10_000)
    assert "lightgbm-tuned" not in names(10_000)


def test_the_default_methods_have_nothing_to_search_with():
    found = {method.name for method in default_methods()}
    assert {"tabtransfer", "catboost", "linear"} <= found
    assert not any(
        name.endswith(("tuned", "scratch", "no-trees", "-bag", "stack")) for name in found
    )


def test_the_three_best_that_search_nothing_are_blended_where_there_is_time(make_results):
    scores = {"linear": 0.6, "catboost-tuned": 0.9, "catboost": 0.8, "mlp": 0.85, "xgboost": 0.7}
    results = make_results({"t": scores}, n_splits=3, offsets=(0.0, 0.01, 0.02))
    blend = affordable_blend(10_000, 1, results)
    assert blend.name == "blend:mlp+catboost+xgboost"
    assert set(blend.packages) >= {"catboost", "xgboost"}
    # Six splits of twelve fits of 2.6 s, and three more splits of the five others.
    assert affordable_blend(6 * 31.2 + 3 * 13 + 1, 1, results) is not None
    assert affordable_blend(6 * 31.2 + 3 * 13 - 1, 1, results) is None
    assert affordable_blend(100, 10, results) is None  # one job would take too much of the time
    alone = results[results["method"].isin(["linear", "catboost-tuned"])]
    assert affordable_blend(10_000, 1, alone) is None
