"""What comes at the same time is predicted together, and nobody gets another's answer."""

import asyncio

import pyarrow as pa
import pytest

from tabtransfer.errors import TabTransferError
from tabtransfer.serving.batching import Batcher, BusyError


def rows(*numbers):
    return pa.table({"x": numbers})


class Doubler:
    """Double numbers, except 13; keeps what it was asked."""

    def __init__(self):
        self.batches = []

    def __call__(self, table):
        numbers = table["x"].to_pylist()
        self.batches.append(numbers)
        if 13 in numbers:
            raise TabTransferError("13 can't be read.")
        return rows(*[2 * number for number in numbers])


def ask(predict, most_rows, *tables):
    async def all_at_once():
        batcher = Batcher(predict, most_rows)
        return await asyncio.gather(*map(batcher, tables), return_exceptions=True)

    return asyncio.run(all_at_once())


def test_each_gets_its_own_rows():
    predict = Doubler()
    found = ask(predict, 4, rows(1), rows(2, 3), rows(4), rows(5, 6))
    assert [one["x"].to_pylist() for one in found] == [[2], [4, 6], [8], [10, 12]]
    assert predict.batches == [[1, 2, 3, 4], [5, 6]]


def test_one_bad_row_spoils_nobody_elses():
    found = ask(Doubler(), 4, rows(1), rows(13), rows(2))
    assert [found[0]["x"].to_pylist(), found[2]["x"].to_pylist()] == [[2], [4]]
    assert isinstance(found[1], TabTransferError)


def test_other_errors_reach_all_of_the_batch_and_the_next_goes_on():
    def predict(table):
        return 1 / (table["x"].to_pylist()[0] - 1) and table

    found = ask(predict, 2, rows(1), rows(2), rows(3))
    assert [type(one) for one in found[:2]] == [ZeroDivisionError] * 2
    assert found[2]["x"].to_pylist() == [3]


def test_more_than_sixteen_batches_do_not_wait():
    found = ask(Doubler(), 1, *[rows(number) for number in range(14, 32)])
    assert [type(one) for one in found] == [pa.Table] * 16 + [BusyError] * 2


def test_a_client_that_goes_away_stops_nobody():
    async def leave():
        batcher = Batcher(Doubler(), 1)
        gone = asyncio.create_task(batcher(rows(1)))
        waiting = asyncio.create_task(batcher(rows(2)))
        await asyncio.sleep(0)
        gone.cancel()
        return await asyncio.wait_for(waiting, 10)

    assert asyncio.run(leave())["x"].to_pylist() == [4]
    with pytest.raises(TabTransferError):
        raise ask(Doubler(), 1, rows(13))[0]
