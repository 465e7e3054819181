"""Cost and usage by environment, capability and day (v3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from typing_extensions import override

from tap_dynatrace_dps import schemas
from tap_dynatrace_dps.dates import day_of, normal_time, spelled
from tap_dynatrace_dps.decimals import add
from tap_dynatrace_dps.dynatrace_api.errors import ApiError
from tap_dynatrace_dps.incremental import DayRows, IncrementalStream, Part
from tap_dynatrace_dps.paging import pages_by_key, rows_of

from .consumption import latest, subscription_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from threading import Event

    from singer_sdk.helpers.types import Record

    from tap_dynatrace_dps.sessions import Session, Subscription
    from tap_dynatrace_dps.windows import Window


class EnvironmentRow(NamedTuple):
    """An environment's capability on a day. A tuple: hundreds of thousands wait in memory."""

    environment_id: str
    cluster_id: str | None
    capability_key: str
    capability_name: str | None
    start: str
    end: str | None
    value: Any
    unit: str | None
    booked: str | None
    bookings: int


class EnvironmentStream(IncrementalStream[EnvironmentRow]):
    """Reads one of the two v3 endpoints; they differ in a name and a field."""

    primary_keys = (
        "accountUuid",
        "subscriptionUuid",
        "environmentId",
        "capabilityKey",
        "startTime",
    )
    replication_key = "startTime"

    kind: ClassVar[str]
    """Last part of the path, and the name of the list of rows."""

    unit_field: ClassVar[str]
    """What the value is counted in: `currencyCode` or `unitMeasure`."""

    def pages(
        self, session: Session, subscription: Subscription, window: Window
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of one window."""
        path = f"{subscription_path(session, subscription, 3)}/environments/{self.kind}"
        query = {
            "startTime": spelled_start(window),
            "endTime": spelled(self.end_time(window)),
            **self.tap.filters,
            "page-size": self.config["page_size"],
        }
        return pages_by_key(
            lambda params: self.fetch(session, path, params), query, session.v3_keys
        )

    @override
    def read_part(
        self,
        session: Session,
        subscription: Subscription,
        part: Part,
        rows: DayRows[EnvironmentRow],
        stop: Event,
    ) -> None:
        # Equal texts are kept once; a window repeats a few names hundreds of thousands of times.
        texts: dict[Any, Any] = {}
        once = texts.setdefault
        known = {
            *("capabilityKey", "capabilityName", "startTime", "endTime", "value", "bookingDate"),
            self.unit_field,
        }
        note = self.tap.note_unknown(self.name)
        for page in self.pages(session, subscription, part.window):
            if stop.is_set():
                return
            rows.modified(page.get("lastModifiedTime"))
            for entry in rows_of(page, "data"):
                environment = entry.get("environmentId") or ""
                cluster = entry.get("clusterId")
                self.tap.environments_seen.add(environment)
                for name in entry.keys() - {"environmentId", "clusterId", self.kind}:
                    note(name)
                for row in entry.get(self.kind) or ():
                    if not known.issuperset(row):
                        for name in row.keys() - known:
                            note(name)
                    try:
                        day, start = day_of(row["startTime"]), normal_time(row["startTime"])
                    except (KeyError, TypeError, ValueError, AttributeError) as error:
                        message = (
                            f"A row of environment {environment} for {session.account.label} has "
                            "no readable 'startTime', so its day is not known."
                        )
                        raise ApiError(message) from error
                    capability = row.get("capabilityKey") or ""
                    capability = once(capability, capability)
                    name, unit = row.get("capabilityName"), row.get(self.unit_field)
                    end, booked = row.get("endTime"), row.get("bookingDate")
                    merged = EnvironmentRow(
                        environment,
                        cluster,
                        capability,
                        once(name, name),
                        start,
                        end and normal_time(end),
                        row.get("value"),
                        once(unit, unit),
                        booked and normal_time(booked),
                        1,
                    )
                    rows.add(day, (environment, capability, start), merged)

    @override
    def merge(self, old: EnvironmentRow, new: EnvironmentRow) -> EnvironmentRow:
        return new._replace(
            cluster_id=new.cluster_id or old.cluster_id,
            value=add(old.value, new.value),
            booked=latest(old.booked, new.booked),
            bookings=old.bookings + new.bookings,
        )

    @override
    def record(
        self,
        session: Session,
        subscription: Subscription,
        row: EnvironmentRow,
        modified: str | None,
    ) -> Record:
        return {
            "accountUuid": session.account.uuid,
            "accountName": session.account.name,
            "subscriptionUuid": subscription.uuid,
            "clusterId": row.cluster_id,
            "environmentId": row.environment_id,
            "capabilityKey": row.capability_key,
            "capabilityName": row.capability_name,
            "startTime": row.start,
            "endTime": row.end,
            "value": row.value,
            self.unit_field: row.unit,
            "bookingDate": row.booked,
            "bookings": row.bookings,
            "lastModifiedTime": modified and normal_time(modified),
        }


def spelled_start(window: Window) -> str:
    """Return the first moment of a window for a query."""
    return f"{window.first.isoformat()}T00:00:00.000Z"


class EnvironmentCost(EnvironmentStream):
    """Cost by environment, capability and day."""

    name = "environment_cost"
    schema = schemas.ENVIRONMENT_COST
    kind = "cost"
    unit_field = "currencyCode"


class EnvironmentUsage(EnvironmentStream):
    """Usage by environment, capability and day."""

    name = "environment_usage"
    schema = schemas.ENVIRONMENT_USAGE
    kind = "usage"
    unit_field = "unitMeasure"
