"""The sandbox's memory: one DuckDB database, in a directory or in this process only."""

from __future__ import annotations

import os
from decimal import Decimal
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import duckdb

from dynatrace_sandbox.bookings import Restatement

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from dynatrace_sandbox.grail import Event

FILE_NAME: Final = "sandbox.duckdb"
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS facts (name VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS restatements (
    account VARCHAR, subscription VARCHAR, environment VARCHAR, capability VARCHAR,
    day DATE, delta VARCHAR, booked DATE
);
CREATE TABLE IF NOT EXISTS allowed_values (account VARCHAR, field VARCHAR, keys VARCHAR[]);
CREATE TABLE IF NOT EXISTS events (
    n BIGINT, ingested BIGINT, timestamp BIGINT, type VARCHAR, provider VARCHAR,
    event_id VARCHAR, account VARCHAR, attributes VARCHAR
);
CREATE TABLE IF NOT EXISTS dropped (type VARCHAR, account VARCHAR, events BIGINT);
"""
INSERT_EVENTS: Final = """
INSERT INTO events SELECT
    unnest($1::BIGINT[]), $2::BIGINT, unnest($3::BIGINT[]), unnest($4::VARCHAR[]),
    unnest($5::VARCHAR[]), unnest($6::VARCHAR[]), unnest($7::VARCHAR[]), unnest($8::VARCHAR[])
"""
REPORT: Final = """
WITH kept AS (
    SELECT type, account, count(*) AS stored, count(DISTINCT event_id) AS distinct_ids,
        min(timestamp) AS first, max(timestamp) AS last
    FROM events GROUP BY ALL
), lost AS (SELECT type, account, sum(events) AS events FROM dropped GROUP BY ALL)
SELECT type, account, coalesce(stored, 0), coalesce(distinct_ids, 0),
    coalesce(lost.events, 0)::BIGINT, first, last
FROM kept FULL JOIN lost USING (type, account) ORDER BY type, account
"""
NEWEST_EVENTS: Final = """
SELECT arg_max(attributes, (timestamp, n)) FROM events
WHERE type = ? GROUP BY event_id ORDER BY max(n)
"""


class DataDirectoryError(Exception):
    """The data directory cannot be used; the text says why and what to do."""


class Store:
    """Everything that survives a restart."""

    def __init__(self, directory: Path | None) -> None:
        """Open or create the database.

        Args:
            directory: Where to keep it; None keeps it in memory.

        Raises:
            DataDirectoryError: If the directory cannot be written or another process uses it.
        """
        target = ":memory:"
        if directory is not None:
            try:
                directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                reason = f"cannot make the data directory {directory}: {error.strerror}"
                raise DataDirectoryError(reason) from error
            if not os.access(directory, os.W_OK | os.X_OK):
                reason = f"the data directory {directory} is not writable"
                raise DataDirectoryError(reason)
            target = str(directory / FILE_NAME)
        try:
            self._connection = duckdb.connect(target)
        except duckdb.Error as error:
            words = "is in use by another process" if "lock" in str(error).lower() else "is broken"
            reason = f"the sandbox's database {target} {words}; use another --data directory"
            raise DataDirectoryError(reason) from error
        self._lock = RLock()
        self._connection.execute(SCHEMA)
        row = self._rows("SELECT coalesce(max(n), 0) FROM events")[0]
        self._last_event = int(row[0])

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def _rows(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, list(values)).fetchall()

    def _run(self, query: str, values: Sequence[object] = ()) -> None:
        with self._lock:
            self._connection.execute(query, list(values))

    def facts(self) -> dict[str, str]:
        """Read the named facts.

        Returns:
            Names and values.
        """
        return dict(self._rows("SELECT name, value FROM facts"))

    def remember(self, name: str, value: str) -> None:
        """Keep a named fact, replacing an older value.

        Args:
            name: Its name.
            value: Its value.
        """
        self._run("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def restatements(self) -> list[Restatement]:
        """Read the restatements.

        Returns:
            In the order they were made.
        """
        rows = self._rows("SELECT * FROM restatements ORDER BY rowid")
        return [
            Restatement(account, subscription, environment, key, day, Decimal(delta), booked)
            for account, subscription, environment, key, day, delta, booked in rows
        ]

    def add_restatement(self, entry: Restatement) -> None:
        """Keep a restatement.

        Args:
            entry: The restatement.
        """
        values: tuple[str | date, ...] = (
            entry.account_uuid,
            entry.subscription_uuid,
            entry.environment_id,
            entry.capability_key,
            entry.day,
            str(entry.delta),
            entry.booked,
        )
        self._run("INSERT INTO restatements VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    def allowed_values(self) -> dict[tuple[str, str], list[str]]:
        """Read the changed lists of cost centers and products.

        Returns:
            Keys by account UUID and field.
        """
        rows = self._rows("SELECT account, field, keys FROM allowed_values")
        return {(account, field): list(keys) for account, field, keys in rows}

    def set_allowed_values(self, account: str, field: str, keys: list[str]) -> None:
        """Keep a list of cost centers or products.

        Args:
            account: Account UUID.
            field: ``costcenters`` or ``products``.
            keys: All keys.
        """
        with self._lock:
            self._run(
                "DELETE FROM allowed_values WHERE account = ? AND field = ?", (account, field)
            )
            self._run("INSERT INTO allowed_values VALUES (?, ?, ?)", (account, field, keys))

    def add_events(self, events: Sequence[Event], ingested: int) -> None:
        """Store events in one statement; those marked as dropped are only counted.

        Args:
            events: Shaped events.
            ingested: Ingest time in microseconds.
        """
        kept = [event for event in events if not event.dropped]
        lost: dict[tuple[str, str], int] = {}
        for event in events:
            if event.dropped:
                lost[event.type, event.account] = lost.get((event.type, event.account), 0) + 1
        with self._lock:
            if kept:
                first = self._last_event + 1
                self._last_event += len(kept)
                self._run(
                    INSERT_EVENTS,
                    (
                        list(range(first, self._last_event + 1)),
                        ingested,
                        [event.timestamp for event in kept],
                        [event.type for event in kept],
                        [event.provider for event in kept],
                        [event.event_id for event in kept],
                        [event.account for event in kept],
                        [event.attributes for event in kept],
                    ),
                )
            for (kind, account), count in lost.items():
                self._run("INSERT INTO dropped VALUES (?, ?, ?)", (kind, account, count))

    def events(
        self, *, type_: str, account: str, limit: int, offset: int, newest_first: bool
    ) -> list[str]:
        """Read stored events.

        Args:
            type_: Only this ``event.type``; "" for all.
            account: Only this ``accountName``; "" for all.
            limit: At most this many.
            offset: Leave out the first ones.
            newest_first: The order of arrival, or its reverse.

        Returns:
            Attributes as JSON text.
        """
        sign = -1 if newest_first else 1
        rows = self._rows(
            "SELECT attributes FROM events WHERE ($1 = '' OR type = $1)"
            " AND ($2 = '' OR account = $2) ORDER BY n * $5 LIMIT $3 OFFSET $4",
            (type_, account, limit, offset, sign),
        )
        return [row[0] for row in rows]

    def newest_events(self, type_: str) -> list[str]:
        """Read events as ``dedup event.id, sort: {timestamp desc}`` leaves them.

        Args:
            type_: Only this ``event.type``.

        Returns:
            Attributes as JSON text, in order of arrival.
        """
        return [row[0] for row in self._rows(NEWEST_EVENTS, (type_,))]

    def event_counts(self) -> tuple[int, int]:
        """Count the stored events.

        Returns:
            All, and the distinct ids.
        """
        stored, distinct = self._rows("SELECT count(*), count(DISTINCT event_id) FROM events")[0]
        return int(stored), int(distinct)

    def report(self) -> list[tuple[str, str, int, int, int, int | None, int | None]]:
        """Count what arrived.

        Returns:
            Type, account name, stored, distinct ids, dropped as too old, first and last time in
            microseconds.
        """
        return [
            (kind, account, stored, distinct, lost, first, last)
            for kind, account, stored, distinct, lost, first, last in self._rows(REPORT)
        ]

    def forget_events(self) -> None:
        """Delete the stored events and the counts of dropped ones."""
        with self._lock:
            self._run("DELETE FROM events")
            self._run("DELETE FROM dropped")
