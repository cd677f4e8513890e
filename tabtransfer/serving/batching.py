"""Predict what several clients ask for at a time together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from tabtransfer.errors import TabTransferError

__all__ = ["Batcher", "BusyError"]

_WAITING_BATCHES = 16


class BusyError(Exception):
    """More rows wait than are worth waiting for."""


@dataclass(frozen=True)
class _Asked:
    rows: pa.Table
    answer: asyncio.Future[pa.Table]


class Batcher:
    """Predict in one thread, each time all that came in the meantime.

    A row's prediction doesn't depend on the rows predicted with it, so clients don't notice.

    Parameters
    ----------
    predict : callable
        From a table to one with as many rows.
    most_rows : int
        Rows of a batch. Rows of one client stay together. Sixteen times as many may wait.
    """

    def __init__(self, predict: Callable[[pa.Table], pa.Table], most_rows: int) -> None:
        self._predict = predict
        self._most_rows = most_rows
        self._waiting: deque[_Asked] = deque()
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, rows: pa.Table) -> pa.Table:
        """Return the predictions of some rows.

        Raises
        ------
        BusyError
            If too many rows are waiting.
        TabTransferError
            If these rows can't be predicted.
        """
        n_waiting = sum(one.rows.num_rows for one in self._waiting)
        if n_waiting + rows.num_rows > _WAITING_BATCHES * self._most_rows:
            raise BusyError(f"{n_waiting:,} rows are waiting already.")
        asked = _Asked(rows, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await asked.answer

    async def _run(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            try:
                await self._answer(batch)
            except TabTransferError:  # somebody's rows; the others aren't to suffer
                for one in batch:
                    try:
                        await self._answer([one])
                    except Exception as error:
                        _fail([one], error)
            except Exception as error:
                _fail(batch, error)

    def _next_batch(self) -> list[_Asked]:
        batch = [self._waiting.popleft()]
        n_rows = batch[0].rows.num_rows
        while self._waiting and n_rows + self._waiting[0].rows.num_rows <= self._most_rows:
            batch.append(self._waiting.popleft())
            n_rows += batch[-1].rows.num_rows
        return batch

    async def _answer(self, batch: list[_Asked]) -> None:
        found = await asyncio.to_thread(
            self._predict, pa.concat_tables([one.rows for one in batch])
        )
        start = 0
        for one in batch:
            if not one.answer.done():  # a client that went away has cancelled it
                one.answer.set_result(found.slice(start, one.rows.num_rows))
            start += one.rows.num_rows


def _fail(batch: list[_Asked], error: Exception) -> None:
    for one in batch:
        if not one.answer.done():
            one.answer.set_exception(error)
