"""Cost allocation: the allowed values, and the costs by value."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from typing_extensions import override

from tap_dynatrace_dps import schemas
from tap_dynatrace_dps.dates import ONE_DAY
from tap_dynatrace_dps.decimals import add
from tap_dynatrace_dps.incremental import DayContent, DayRows, IncrementalStream, Part, day_of_row
from tap_dynatrace_dps.paging import KeyStyle, pages_by_key, pages_by_number, rows_of
from tap_dynatrace_dps.stream import Chunk, DPSStream
from tap_dynatrace_dps.windows import read_in_order

from .environment import EnvironmentCost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Record

    from tap_dynatrace_dps.sessions import Session, Subscription
    from tap_dynatrace_dps.windows import Window
    from tap_dynatrace_dps.writer import Records

FIELDS = ("COSTCENTER", "PRODUCT")
"""Values of the query parameter `field`."""

_RECORD_FIELDS = frozenset({"date", "capability", "key", "costs", "usage"})


class FieldValues(DPSStream):
    """The allowed values of one cost-allocation field."""

    schema = schemas.FIELD_VALUES
    primary_keys = ("accountUuid", "key")

    setting: ClassVar[str]
    """Last part of the path."""

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        path = f"/v1/accounts/{session.account.uuid}/settings/{self.setting}"
        query = {"page-size": self.config["page_size"]}
        values: dict[str, Record] = {}
        for page in pages_by_number(lambda params: self.fetch(session, path, params), query):
            for row in rows_of(page, "records"):
                if isinstance(row.get("key"), str):
                    values.setdefault(row["key"], self.finished(row, session))
        yield Chunk(list(values.values()))


class CostCenters(FieldValues):
    """Allowed cost centers."""

    name = "cost_centers"
    setting = "costcenters"


class Products(FieldValues):
    """Allowed products."""

    name = "products"
    setting = "products"


class AllocationRow(NamedTuple):
    """The costs of one value."""

    environment_id: str
    field: str
    date: str
    capability: str
    key: str
    costs: Any
    usage: Any


class CostAllocation(IncrementalStream[AllocationRow]):
    """Costs by cost center and product, for SaaS environments.

    One chain of requests covers one environment and one field. The environments are those that
    have costs in the period and belong to no Managed cluster.
    """

    name = "cost_allocation"
    schema = schemas.COST_ALLOCATION
    primary_keys = ("subscriptionUuid", "environmentId", "field", "date", "capability", "key")
    replication_key = "date"
    optional = True

    @override
    def subjects(
        self, session: Session, subscription: Subscription, period: Window
    ) -> Iterable[tuple[str, str]]:
        costs = cast("EnvironmentCost", self.tap.streams[EnvironmentCost.name])

        def environments(window: Window) -> set[str]:
            return {
                entry.environment_id
                for page in costs.pages(session, subscription, window)
                for entry in page["data"]
                if entry.environment_id and not entry.cluster_id
            }

        found: set[str] = set()
        for _, some in read_in_order(
            period.cut(int(self.config["window_days"])),
            environments,
            parallel=session.parallel,
            before_wait=self.tap.flush,
            stop=Event(),
        ):
            found |= some
        return [(environment, field) for environment in sorted(found) for field in FIELDS]

    @override
    def read_part(
        self,
        session: Session,
        subscription: Subscription,
        part: Part,
        rows: DayRows[AllocationRow],
        stop: Event,
    ) -> None:
        environment, field = part.subject
        path = f"/v1/subscriptions/{subscription.uuid}/cost-allocation"
        query = {
            "field": field,
            "environment-id": environment,
            "from": part.window.first.isoformat(),
            # Whether `to` is inclusive is not documented; rows of that day are left out here.
            "to": (part.window.last + ONE_DAY).isoformat(),
            "page-size": self.config["page_size"],
        }
        note = self.tap.note_unknown(self.name)
        for page in pages_by_key(
            lambda params: self.fetch(session, path, params), query, KeyStyle(alone=True)
        ):
            if stop.is_set():
                return
            for row in rows_of(page, "records"):
                for name in row.keys() - _RECORD_FIELDS:
                    note(name)
                day = day_of_row(row, "date", session.account.label)
                capability, key = row.get("capability") or "", row.get("key") or ""
                allocated = AllocationRow(
                    environment,
                    field,
                    day.isoformat(),
                    capability,
                    key,
                    row.get("costs"),
                    row.get("usage"),
                )
                rows.add(day, (environment, field, capability, key), allocated)

    @override
    def merge(self, old: AllocationRow, new: AllocationRow) -> AllocationRow:
        return new._replace(costs=add(old.costs, new.costs), usage=add(old.usage, new.usage))

    @override
    def records(
        self, session: Session, subscription: Subscription, content: DayContent[AllocationRow]
    ) -> Records:
        return [
            {
                "accountUuid": session.account.uuid,
                "accountName": session.account.name,
                "subscriptionUuid": subscription.uuid,
                "environmentId": row.environment_id,
                "field": row.field,
                "date": row.date,
                "capability": row.capability,
                "key": row.key,
                "costs": row.costs,
                "usage": row.usage,
            }
            for row in content.rows
        ]
