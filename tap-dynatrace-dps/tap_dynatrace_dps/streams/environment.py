"""Cost and usage by environment, capability and day (v3)."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from typing_extensions import override

from tap_dynatrace_dps import schemas
from tap_dynatrace_dps.dates import day_of, normal_time, spelled
from tap_dynatrace_dps.decimals import Number, add
from tap_dynatrace_dps.dynatrace_api.errors import ApiError
from tap_dynatrace_dps.incremental import DayContent, DayRows, IncrementalStream, Part
from tap_dynatrace_dps.paging import pages_by_key
from tap_dynatrace_dps.writer import EncodedRecords

from .consumption import latest, subscription_path
from .environment_pages import PageDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from threading import Event

    from tap_dynatrace_dps.sessions import Session, Subscription
    from tap_dynatrace_dps.windows import Window
    from tap_dynatrace_dps.writer import Records

    from .environment_pages import Row

_LOOKS_NORMAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII).fullmatch

TIMES_KEPT = 65_536
"""Different date-times of a chain of pages whose spelling is remembered."""


class EnvironmentRow(msgspec.Struct, rename="camel", gc=False):
    """An environment's capability on a day, with the names and in the order of a record.

    Hundreds of thousands wait in memory; `unit` stands for what the value is counted in.
    """

    cluster_id: str | None
    environment_id: str
    capability_key: str
    capability_name: str | None
    start_time: str
    end_time: str | None
    value: Number | None
    unit: str | None
    booking_date: str | None
    bookings: int


class EnvironmentKey(msgspec.Struct, frozen=True, order=True, gc=False):
    """What is one row of a day. No tuple: the garbage collector would look at each of them."""

    environment_id: str
    capability_key: str
    start_time: str


class CostRow(EnvironmentRow):
    """An environment's cost."""

    unit: str | None = msgspec.field(name="currencyCode")


class UsageRow(EnvironmentRow):
    """An environment's usage."""

    unit: str | None = msgspec.field(name="unitMeasure")


class NormalTimes(dict[Any, Any]):
    """Normal spellings of date-times, kept once; a text that is none stays as it came."""

    def __missing__(self, text: Any) -> Any:  # noqa: ANN401  (whatever the API sends)
        """Return the normal spelling and remember it."""
        if len(self) >= TIMES_KEPT:
            self.clear()
        normal = text
        if text and not (isinstance(text, str) and _LOOKS_NORMAL(text)):
            with contextlib.suppress(TypeError, ValueError, AttributeError):
                normal = normal_time(text)
        self[text] = normal
        return normal


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

    row_type: ClassVar[type[EnvironmentRow]]
    """A row with that field."""

    def pages(
        self, session: Session, subscription: Subscription, window: Window
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the pages of one window, with their `data` as entries."""
        path = f"{subscription_path(session, subscription, 3)}/environments/{self.kind}"
        query = {
            "startTime": spelled_start(window),
            "endTime": spelled(self.end_time(window)),
            **self.tap.filters,
            "page-size": self.config["page_size"],
        }
        decode = PageDecoder(self.kind, self.unit_field, self.tap.note_unknown(self.name))
        return pages_by_key(
            lambda params: self.fetch(session, path, params, decode), query, session.v3_keys
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
        row_type = self.row_type
        times = NormalTimes()
        days: dict[str, tuple[str, dict[EnvironmentKey, EnvironmentRow] | None]] = {}
        for page in self.pages(session, subscription, part.window):
            if stop.is_set():
                return
            rows.modified(page.get("lastModifiedTime"))
            for entry in page["data"]:
                environment = entry.environment_id or ""
                cluster = entry.cluster_id
                self.tap.environments_seen.add(environment)
                for row in entry.rows or ():
                    try:
                        start, day = days[row.start_time]
                    except (KeyError, TypeError):
                        where = f"environment {environment} for {session.account.label}"
                        start, day = days[row.start_time] = self._day(row, rows, where)
                    if day is None:
                        continue
                    capability = row.capability_key or ""
                    capability = once(capability, capability)
                    name, unit = row.capability_name, row.unit
                    key = EnvironmentKey(environment, capability, start)
                    old = day.get(key)
                    new = row_type(
                        cluster,
                        environment,
                        capability,
                        once(name, name),
                        start,
                        times[row.end_time],
                        row.value,
                        once(unit, unit),
                        times[row.booking_date],
                        1,
                    )
                    day[key] = new if old is None else self.merge(old, new)

    @staticmethod
    def _day(
        row: Row, rows: DayRows[EnvironmentRow], where: str
    ) -> tuple[str, dict[EnvironmentKey, EnvironmentRow] | None]:
        """Return the normal spelling of a row's start, and the rows of its day.

        Raises:
            ApiError: it has none.
        """
        try:
            return normal_time(row.start_time), rows.of(day_of(row.start_time))
        except (TypeError, ValueError, AttributeError) as error:
            message = f"A row of {where} has no readable 'startTime', so its day is not known."
            raise ApiError(message) from error

    @override
    def merge(self, old: EnvironmentRow, new: EnvironmentRow) -> EnvironmentRow:
        return msgspec.structs.replace(
            new,
            cluster_id=new.cluster_id or old.cluster_id,
            value=add(old.value, new.value),
            booking_date=latest(old.booking_date, new.booking_date),
            bookings=old.bookings + new.bookings,
        )

    @override
    def records(
        self, session: Session, subscription: Subscription, content: DayContent[EnvironmentRow]
    ) -> Records:
        before = {
            "accountUuid": session.account.uuid,
            "accountName": session.account.name,
            "subscriptionUuid": subscription.uuid,
        }
        after = {"lastModifiedTime": content.modified and normal_time(content.modified)}
        return EncodedRecords(len(content.rows), before, content.encoded, after)


def spelled_start(window: Window) -> str:
    """Return the first moment of a window for a query."""
    return f"{window.first.isoformat()}T00:00:00.000Z"


class EnvironmentCost(EnvironmentStream):
    """Cost by environment, capability and day."""

    name = "environment_cost"
    schema = schemas.ENVIRONMENT_COST
    kind = "cost"
    unit_field = "currencyCode"
    row_type = CostRow


class EnvironmentUsage(EnvironmentStream):
    """Usage by environment, capability and day."""

    name = "environment_usage"
    schema = schemas.ENVIRONMENT_USAGE
    kind = "usage"
    unit_field = "unitMeasure"
    row_type = UsageRow
