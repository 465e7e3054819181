"""Cost, budget and key notifications (v2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_dynatrace_dps import schemas
from tap_dynatrace_dps.dates import spelled
from tap_dynatrace_dps.incremental import DayContent, DayRows, IncrementalStream, Part, day_of_row
from tap_dynatrace_dps.paging import KeyStyle, pages_by_key, rows_of
from tap_dynatrace_dps.sessions import WHOLE_ACCOUNT

from .environment import spelled_start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event

    from tap_dynatrace_dps.sessions import Session, Subscription
    from tap_dynatrace_dps.stream import Chunk
    from tap_dynatrace_dps.writer import Records


class Notifications(IncrementalStream[dict[str, Any]]):
    """Notifications of an account; here further pages take the key alone, unlike v3."""

    name = "notifications"
    schema = schemas.NOTIFICATIONS
    primary_keys = ("accountUuid", "key")
    replication_key = "date"
    optional = True
    one_chain_per_window = False

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        yield from self.read_days(session, WHOLE_ACCOUNT)

    @override
    def read_part(
        self,
        session: Session,
        subscription: Subscription,
        part: Part,
        rows: DayRows[dict[str, Any]],
        stop: Event,
    ) -> None:
        query = {
            "start-time": spelled_start(part.window),
            "end-time": spelled(self.end_time(part.window)),
            # List filters are repeated parameters here; a comma list answers 400.
            "environments": self.config.get("environment_ids"),
            "capabilities": self.config.get("capability_keys"),
            "page-size": self.config["page_size"],
        }
        path = f"/v2/accounts/{session.account.uuid}/notifications"
        for page in pages_by_key(
            lambda params: self.fetch(session, path, params), query, KeyStyle(alone=True)
        ):
            if stop.is_set():
                return
            for row in rows_of(page, "records", "data"):
                day = day_of_row(row, "date", session.account.label)
                notice = self.finished(_with_objects(row), session)
                rows.add(day, (str(row.get("key") or ""),), notice)

    @override
    def records(
        self, session: Session, subscription: Subscription, content: DayContent[dict[str, Any]]
    ) -> Records:
        return content.rows


def _with_objects(row: dict[str, Any]) -> dict[str, Any]:
    """Give `details.environments` one shape.

    It is typed as a list of texts, while the documented example shows objects
    `{uuid, clusterUuid}`.
    """
    row = {**row, "key": row.get("key") or ""}
    details = row.get("details")
    if isinstance(details, dict) and isinstance(details.get("environments"), list):
        environments = [
            {"uuid": entry} if isinstance(entry, str) else entry
            for entry in details["environments"]
        ]
        row["details"] = {**details, "environments": environments}
    return row
