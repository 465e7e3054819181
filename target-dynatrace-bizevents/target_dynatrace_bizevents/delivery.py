"""Batches in flight: sent by several threads, until delivered or in the dead letter."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from .batch import Batch, body_of
from .dead_letter import Refusal
from .ingest import Answer, Outcome, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from .dead_letter import DeadLetter
    from .ingest import IngestClient
    from .ledger import Ledger
    from .report import Report

_QUEUED_PER_REQUEST = 2
"""Closed batches held per request in flight: one on its way, one waiting for its turn."""


class Delivery:
    """Takes closed batches; keeps the first failure, after which nothing more is sent."""

    def __init__(  # noqa: PLR0913  (its collaborators)
        self,
        *,
        client: IngestClient,
        dead_letter: DeadLetter,
        ledger: Ledger,
        report: Report,
        max_parallel_requests: int,
        on_failure: Callable[[], None],
    ) -> None:
        """Start the threads when they are needed.

        Args:
            client: sends.
            dead_letter: takes what is refused.
            ledger: learns which batches are done.
            report: learns the figures.
            max_parallel_requests: threads.
            on_failure: ends the waits of the other threads.
        """
        self._client = client
        self._dead_letter = dead_letter
        self._ledger = ledger
        self._report = report
        self._on_failure = on_failure
        self._pool = ThreadPoolExecutor(max_parallel_requests, thread_name_prefix="ingest")
        self._limit = max_parallel_requests * _QUEUED_PER_REQUEST
        self._outstanding = 0
        self._changed = threading.Condition()
        self.failure: BaseException | None = None

    def submit(self, batch: Batch) -> None:
        """Send the batch soon; waits while too many are on their way.

        Raises:
            BaseException: the first failure of an earlier batch.
        """
        with self._changed:
            self._changed.wait_for(lambda: self.failure or self._outstanding < self._limit)
            self.check()
            self._outstanding += 1
        self._pool.submit(self._run, batch)

    def check(self) -> None:
        """Raise the first failure, if there was one."""
        if self.failure is not None:
            raise self.failure

    def refuse(self, batch: Batch, reason: str) -> None:
        """Put a batch that cannot be sent into the dead letter."""
        self.check()
        refusals = [
            _refusal(batch, event, line, reason)
            for event, line in zip(batch.events, batch.lines, strict=True)
        ]
        self._dead_letter.write(refusals)
        self._report.add(batch.stream, refused=len(refusals))
        self._ledger.finish(batch.first)

    def wait(self) -> None:
        """Wait until nothing is on its way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._outstanding)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def _run(self, batch: Batch) -> None:
        try:
            if self.failure is None:
                self._deliver(batch)
        except BaseException as failure:  # noqa: BLE001  (raised again where the input is read)
            with self._changed:
                self.failure = self.failure or failure
            self._on_failure()
        finally:
            with self._changed:
                self._outstanding -= 1
                self._changed.notify_all()

    def _deliver(self, batch: Batch) -> None:
        refusals: list[Refusal] = []
        waiting = [(batch.events, batch.lines)]
        while waiting:
            events, lines = waiting.pop()
            answer = self._send(batch.stream, events)
            if answer.outcome is Outcome.ACCEPTED:
                continue
            if answer.outcome is Outcome.PARTLY_REFUSED:
                for position, reason in positions_of(answer.refused, events).items():
                    refusals.append(
                        _refusal(batch, events[position], lines[position], reason, answer.status)
                    )
            elif len(events) == 1:
                reason = answer.detail or "refused without a reason"
                refusals.append(_refusal(batch, events[0], lines[0], reason, answer.status))
            else:
                middle = len(events) // 2
                # The first half is taken next, so that events keep their order.
                waiting.append((events[middle:], lines[middle:]))
                waiting.append((events[:middle], lines[:middle]))
        if refusals:
            self._dead_letter.write(refusals)
        self._report.add(
            batch.stream, delivered=len(batch.events) - len(refusals), refused=len(refusals)
        )
        self._ledger.finish(batch.first)

    def _send(self, stream: str, events: list[bytes]) -> Answer:
        body = body_of(events)
        tries = 0

        def count_try() -> None:
            nonlocal tries
            tries += 1
            if self.failure is not None:
                raise self.failure

        try:
            answer = self._client.send(body, count_try)
        finally:
            self._report.add(stream, retried=max(0, tries - 1))
        if answer.outcome in {Outcome.ACCEPTED, Outcome.PARTLY_REFUSED}:
            self._report.add(stream, sent_bytes=len(body))
        return answer


def positions_of(refused: tuple[Refused, ...], events: list[bytes]) -> dict[int, str]:
    """Return the positions of the refused events, each with the server's reason.

    An entry names its event by id, by position or both; the id is trusted first, because it is
    ours. Where an entry names none, any event that was not named may be the refused one: all of
    them count as refused, since sending one again does no harm and losing one does.
    """
    ids = [event_id_of(event) for event in events]
    by_id: dict[str, int] = {}
    for position, identifier in enumerate(ids):
        by_id.setdefault(identifier, position)
    positions: dict[int, str] = {}
    unnamed = ""
    for entry in refused:
        named = by_id.get(entry.event_id or "")
        at = entry.index if entry.index is not None and 0 <= entry.index < len(ids) else named
        if at is None:
            unnamed = entry.message
        elif named is not None and ids[at] != entry.event_id:
            positions.setdefault(named, entry.message)
        else:
            positions.setdefault(at, entry.message)
    if unnamed:
        perhaps = f"{unnamed} (the server did not say which event; perhaps this one)"
        positions = dict.fromkeys(range(len(ids)), perhaps) | positions
    return dict(sorted(positions.items()))


def event_id_of(event: bytes) -> str:
    """Read the id back out of an encoded event."""
    return msgspec.json.decode(event, type=_EventId).event_id


class _EventId(msgspec.Struct):
    event_id: str = msgspec.field(name="event.id")


def _refusal(
    batch: Batch, event: bytes, line: bytes, reason: str, status: int | None = None
) -> Refusal:
    return Refusal(line, batch.schemas, reason, status, event_id_of(event))
