import pytest

from tabtransfer.baselines.method import (
    Method,
    MethodSkipped,
    always_available,
    never_seen,
    nothing_to_search,
)
from tabtransfer.errors import TabTransferError


def test_a_skip_carries_its_reason_and_is_the_packages_error():
    with pytest.raises(TabTransferError) as raised:
        raise MethodSkipped("too many classes")
    assert raised.value.reason == str(raised.value) == "too many classes"


def test_a_method_needs_no_more_than_a_name_and_a_maker():
    method = Method(name="any", make=lambda random_state, n_threads: None)
    assert method.unavailable is always_available
    assert method.unavailable() is None
    assert method.seen is never_seen
    assert method.search_space is nothing_to_search
    assert method.packages == ()
