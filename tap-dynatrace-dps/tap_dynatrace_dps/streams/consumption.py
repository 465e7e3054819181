"""Cost and usage of a subscription as a whole: one answer holds the whole history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from typing_extensions import override

from tap_dynatrace_dps import schemas
from tap_dynatrace_dps.dates import normal_time
from tap_dynatrace_dps.decimals import add
from tap_dynatrace_dps.dynatrace_api.errors import ApiError
from tap_dynatrace_dps.incremental import DayContent, DayRows, IncrementalStream, Part, day_of_row
from tap_dynatrace_dps.paging import rows_of
from tap_dynatrace_dps.stream import NOT_FOUND, Chunk, DPSStream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from threading import Event

    from singer_sdk.helpers.types import Record

    from tap_dynatrace_dps.sessions import Session, Subscription
    from tap_dynatrace_dps.writer import Records

_USAGE_FIELDS = frozenset(
    {"capabilityKey", "capabilityName", "startTime", "endTime", "value", "unitMeasure"}
)


def subscription_path(session: Session, subscription: Subscription, version: int = 2) -> str:
    """Return the path of a subscription as this account may ask about it."""
    account = session.account.uuid
    return f"/sub/v{version}/accounts/{account}/subscriptions/{subscription.uuid}"


class Cost(DPSStream):
    """Daily cost with its running total.

    The endpoint has no time filter, rows come unsorted, and the running total needs them all; so
    the whole history is sent each time.
    """

    name = "cost"
    schema = schemas.COST
    primary_keys = ("accountUuid", "subscriptionUuid", "startTime")

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        for subscription in self.sessions.subscriptions(session):
            yield Chunk(self._history(session, subscription))

    def _history(self, session: Session, subscription: Subscription) -> list[Record]:
        try:
            body = self.fetch(
                session,
                f"{subscription_path(session, subscription)}/cost",
                self.tap.filters,
            )
        except ApiError as error:
            if error.status != NOT_FOUND or not subscription.may_lack_data:
                raise
            body = None
        days = merged_days(rows_of(body, "data", "cost"), session.account.label)
        if not days:
            self.logger.warning(
                "%s has no cost in subscription %s.", session.account.label, subscription.uuid
            )
        modified = body.get("lastModifiedTime") if isinstance(body, dict) else None
        total: Any = 0
        records = []
        for row in days:
            total = add(total, row.get("value"))
            row.update(
                subscriptionUuid=subscription.uuid, costToDate=total, lastModifiedTime=modified
            )
            records.append(self.finished(row, session))
        return records


def merged_days(rows: Sequence[Mapping[str, Any]], label: str) -> list[dict[str, Any]]:
    """Return one row per `startTime`, in order: values added exactly, the latest booking kept.

    Raises:
        ApiError: a row has no readable `startTime`.
    """
    days: dict[str, dict[str, Any]] = {}
    for row in rows:
        day_of_row(row, "startTime", label)
        start = normal_time(row["startTime"])
        day = days.get(start)
        if day is None:
            days[start] = {**row, "startTime": start}
        else:
            day["value"] = add(day.get("value"), row.get("value"))
            day["lastBookingDate"] = latest(day.get("lastBookingDate"), row.get("lastBookingDate"))
    return [days[start] for start in sorted(days)]


def latest(one: str | None, other: str | None) -> str | None:
    """Return the later of two date-times in any spelling; None counts as none."""
    if not one or not other:
        return one or other
    return max(one, other, key=normal_time)


class UsageRow(NamedTuple):
    """A capability's period."""

    capability_key: str
    capability_name: str | None
    start: str
    end: str | None
    value: Any
    unit: str | None


class Usage(IncrementalStream[UsageRow]):
    """Usage by capability and period; the endpoint always answers with the whole history."""

    name = "usage"
    schema = schemas.USAGE
    primary_keys = ("accountUuid", "subscriptionUuid", "capabilityKey", "startTime")
    replication_key = "startTime"
    one_chain_per_window = False

    @override
    def read_part(
        self,
        session: Session,
        subscription: Subscription,
        part: Part,
        rows: DayRows[UsageRow],
        stop: Event,
    ) -> None:
        body = self.fetch(
            session, f"{subscription_path(session, subscription)}/usage", self.tap.filters
        )
        note = self.tap.note_unknown(self.name)
        label = session.account.label
        for row in rows_of(body, "data", "usage"):
            for name in row.keys() - _USAGE_FIELDS:
                note(name)
            day = day_of_row(row, "startTime", label)
            start = normal_time(row["startTime"])
            key = row.get("capabilityKey") or ""
            end = row.get("endTime")
            usage = UsageRow(
                key,
                row.get("capabilityName"),
                start,
                end and normal_time(end),
                row.get("value"),
                row.get("unitMeasure"),
            )
            rows.add(day, (key, start), usage)
        if isinstance(body, dict):
            rows.modified(body.get("lastModifiedTime"))

    @override
    def merge(self, old: UsageRow, new: UsageRow) -> UsageRow:
        return new._replace(value=add(old.value, new.value))

    @override
    def records(
        self, session: Session, subscription: Subscription, content: DayContent[UsageRow]
    ) -> Records:
        return [
            {
                "accountUuid": session.account.uuid,
                "accountName": session.account.name,
                "subscriptionUuid": subscription.uuid,
                "capabilityKey": row.capability_key,
                "capabilityName": row.capability_name,
                "startTime": row.start,
                "endTime": row.end,
                "value": row.value,
                "unitMeasure": row.unit,
                "lastModifiedTime": content.modified and normal_time(content.modified),
            }
            for row in content.rows
        ]
