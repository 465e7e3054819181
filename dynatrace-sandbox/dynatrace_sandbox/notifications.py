"""Notifications of an account, version 2: page keys alone, list filters repeated."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, date, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dynatrace_sandbox import page_keys
from dynatrace_sandbox.access import READ_SCOPE, account_of_token, sandbox_of
from dynatrace_sandbox.answers import AccountAnswerError, json_answer
from dynatrace_sandbox.times import at_hour, read_moment

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.customer import Account
    from dynatrace_sandbox.sandbox import Sandbox

ONE_IN_DAYS: Final = 6
"""A notification comes on about one day in this many."""
DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 500
"""Seen live; the true ceiling is not known."""
TYPES: Final = {
    "FORECAST": "forecast",
    "BUDGET": "budget",
    "COST": "cost",
    "BYOK_REVOKED": "byok-revoked",
    "BYOK_ACTIVATED": "byok-activated",
    "ENVIRONMENT_UPGRADE": "environment-upgrade",
    "ENVIRONMENT_DOWNGRADE": "environment-downgrade",
}
"""Filter values, and how records spell them (seen live)."""
SEVERITIES: Final = ("SEVERE", "WARN", "INFO")
SORTS: Final = ("type", "-type", "date", "-date")
LISTS: Final = ("sorts", "environments", "capabilities", "severities", "types")
CHOICES: Final = {"sorts": SORTS, "severities": SEVERITIES, "types": tuple(TYPES)}


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A query and how many of its records were sent."""

    account_uuid: str
    lists: dict[str, tuple[str, ...]]
    start: str
    end: str
    page_size: int
    sent: int


def notifications(sandbox: Sandbox, account: Account) -> list[dict[str, Any]]:
    """Make an account's notifications up to yesterday.

    Args:
        sandbox: The sandbox.
        account: The account.

    Returns:
        Records, oldest first.
    """
    subscription = sandbox.customer.main
    records: list[dict[str, Any]] = []
    if not account.environments:
        return records
    for day in sandbox.metering.days(subscription):
        seed = f"{sandbox.customer.scale.seed}:notification:{account.uuid}:{day}"
        digest = hashlib.sha256(seed.encode()).digest()
        if digest[0] % ONE_IN_DAYS:
            continue
        kind = list(TYPES.values())[digest[1] % len(TYPES)]
        environment = account.environments[digest[2] % len(account.environments)]
        capability = subscription.capabilities[digest[3] % len(subscription.capabilities)]
        details: dict[str, Any]
        if kind.startswith("byok"):
            details = {"environmentUuid": environment.id, "keyName": f"key-{digest[4] % 9}"}
        else:
            place = {"uuid": environment.id, "clusterUuid": environment.cluster_id or ""}
            details = {
                "environments": [place if environment.cluster_id else environment.id],
                "capabilities": [capability.key],
                "allEnvironments": False,
                "allCapabilities": False,
            }
        records.append(
            {
                "key": str(uuid.UUID(bytes=digest[:16], version=4)),
                "accountUuid": account.uuid,
                "date": at_hour(date.fromordinal(day), digest[5] % 24, digest[6] % 60),
                "message": f"{kind} notification for {capability.name} in {environment.name}",
                "severity": SEVERITIES[digest[7] % len(SEVERITIES)],
                "type": kind,
                "details": details,
            }
        )
    return records


def _moment(request: Request, name: str) -> str:
    value = request.query_params.get(name)
    if value is None:
        return ""
    moment = read_moment(value)
    if moment is None:
        raise AccountAnswerError(400, f"'{name}' must be a date-time: {value}")
    return moment.isoformat()


def _first_position(request: Request, account: Account) -> Position:
    lists: dict[str, tuple[str, ...]] = {}
    for name in LISTS:
        values = tuple(request.query_params.getlist(name))
        allowed = CHOICES.get(name)
        for value in values:
            if "," in value or (allowed is not None and value not in allowed):
                raise AccountAnswerError(400, f"'{name}' has a wrong value: {value}")
        if values:
            lists[name] = values
    return Position(
        account.uuid,
        lists,
        _moment(request, "start-time"),
        _moment(request, "end-time"),
        page_keys.page_size(request, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
        0,
    )


def _fits(record: dict[str, Any], position: Position) -> bool:
    lists = position.lists
    details = record["details"]
    environments = [
        place["uuid"] if isinstance(place, dict) else place
        for place in details.get("environments", [details.get("environmentUuid")])
    ]
    when = datetime.fromisoformat(record["date"]).astimezone(UTC)
    return (
        ("severities" not in lists or record["severity"] in lists["severities"])
        and ("types" not in lists or record["type"] in {TYPES[each] for each in lists["types"]})
        and (
            "capabilities" not in lists
            or bool(set(details.get("capabilities", [])) & set(lists["capabilities"]))
        )
        and ("environments" not in lists or bool(set(environments) & set(lists["environments"])))
        and (not position.start or when >= datetime.fromisoformat(position.start))
        and (not position.end or when < datetime.fromisoformat(position.end))
    )


async def list_notifications(request: Request) -> Response:
    """Answer with a page of notifications, the newest first where nothing else is asked."""
    account = account_of_token(request, READ_SCOPE)
    text = page_keys.lone_key(request)
    if text is None:
        position = _first_position(request, account)
    else:
        position = page_keys.decode(text, Position)
        if position.account_uuid != account.uuid:
            raise AccountAnswerError(400, "'page-key' does not belong to this account")
    records = notifications(sandbox_of(request), account)
    records = [each for each in records if _fits(each, position)]
    for sort in reversed(position.lists.get("sorts", ("-date",))):
        records.sort(key=itemgetter(sort.lstrip("-")), reverse=sort.startswith("-"))
    end = position.sent + position.page_size
    answer: dict[str, Any] = {
        "records": records[position.sent : end],
        "hasNextPage": end < len(records),
    }
    if end < len(records):
        answer["nextPageKey"] = page_keys.encode(msgspec.structs.replace(position, sent=end))
    return json_answer(answer)
