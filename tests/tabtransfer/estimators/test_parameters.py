import pytest

from tabtransfer import TabTransferClassifier, TabTransferError
from tabtransfer.estimators.parameters import check_parameters


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        *(("n_threads", value, "n_threads must be a whole number") for value in (-1, 0, 1.5, "2")),
        *(("n_estimators", value, "n_estimators must be") for value in (0, True, 2.5)),
        ("max_context_rows", None, "max_context_rows must be a whole number from 1 on, not None"),
        ("memory_limit", 1e9, "memory_limit must be a whole number of bytes"),
        *(("time_limit", value, "time_limit must be") for value in (-5, "60", float("nan"), True)),
        *((name, "no", "must be True or False") for name in ("calibrate", "trees")),
        ("finetune", "no", 'must be False, "auto"'),
        ("verbose", None, "must be True or False"),
        ("device", "gpu", 'device must be "auto", "cpu", "cuda"'),
        *(("random_state", value, "random_state must be") for value in (-1, 1.5, "seed")),
    ],
)
def test_what_no_one_can_mean_is_refused_by_name(name, value, message):
    parameters = TabTransferClassifier(**{name: value}).get_params()
    with pytest.raises(TabTransferError, match=message):
        check_parameters(parameters)


def test_the_defaults_and_their_kin_are_fine():
    check_parameters(TabTransferClassifier().get_params())
    check_parameters(
        TabTransferClassifier(
            4,
            n_threads=1,
            device="cpu",
            memory_limit=10**9,
            time_limit=None,
            random_state=0,
            verbose=1,
        ).get_params()
    )
