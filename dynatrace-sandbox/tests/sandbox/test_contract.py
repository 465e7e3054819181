"""Every answer has the documented fields and types."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from .client import JANUARY, numbers_kept

if TYPE_CHECKING:
    from .client import Client

DATE = r"^\d{4}-\d\d-\d\d$"
DATE_TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$"


def text(pattern: str = "") -> dict[str, Any]:
    return {"type": "string", "pattern": pattern}


def one(**fields: dict[str, Any]) -> dict[str, Any]:
    """An object with exactly these fields."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def without(*names: str, shape: dict[str, Any]) -> dict[str, Any]:
    """The same object, in which these fields may be absent."""
    return {**shape, "required": [name for name in shape["required"] if name not in names]}


def many(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


NUMBER = {"type": "number"}
NULL_NUMBER = {"type": ["number", "null"]}
BOOLEAN = {"type": "boolean"}
PAGE_KEY = {"type": ["string", "null"]}
SUMMARY = {
    "uuid": text(),
    "type": text(),
    "subType": {"type": ["string", "null"]},
    "name": text(),
    "status": text(),
    "startTime": text(DATE),
    "endTime": text(DATE),
}
PERIOD = {"startTime": text(DATE_TIME), "endTime": text(DATE_TIME)}
CAPABILITY = {"capabilityKey": text("^[A-Z_]+$"), "capabilityName": text()}
USAGE_ROW = one(**CAPABILITY, **PERIOD, value=NUMBER, unitMeasure=text())
COST = {**PERIOD, "value": NUMBER, "currencyCode": text("^USD$")}
MODIFIED = text(DATE_TIME)

SUBSCRIPTIONS = one(data=many(one(**SUMMARY)))
SUBSCRIPTION = one(
    **SUMMARY,
    account=one(uuid=text()),
    budget=without(
        "currencyCode", shape=one(total=NUMBER, used=NUMBER, currencyCode=text("^USD$"))
    ),
    currentPeriod=one(startTime=text(DATE), endTime=text(DATE), daysRemaining=NUMBER),
    periods={"type": "array", "items": one(**PERIOD)},
    capabilities=many(one(key=text("^[A-Z_]+$"), name=text())),
)
COST_LIST = one(data=many(one(**COST, lastBookingDate=text(DATE_TIME))), lastModifiedTime=MODIFIED)
USAGE_LIST = one(data=many(USAGE_ROW), lastModifiedTime=MODIFIED)
OLD_COST = one(
    data=many(one(environmentId=text(), cost=many(one(**COST, **CAPABILITY)))),
    lastModifiedTime=MODIFIED,
)
OLD_USAGE = one(
    data=many(one(environmentId=text(), usage=many(USAGE_ROW))), lastModifiedTime=MODIFIED
)
CLUSTER = {"type": ["string", "null"]}
COST_PAGE = one(
    data=many(
        without(
            "clusterId",
            shape=one(
                clusterId=CLUSTER,
                environmentId=text(),
                cost=many(one(**COST, **CAPABILITY, bookingDate=text(DATE_TIME))),
            ),
        )
    ),
    lastModifiedTime=MODIFIED,
    nextPageKey=PAGE_KEY,
)
USAGE_PAGE = one(
    data=many(
        without(
            "clusterId", shape=one(clusterId=CLUSTER, environmentId=text(), usage=many(USAGE_ROW))
        )
    ),
    lastModifiedTime=MODIFIED,
    nextPageKey=PAGE_KEY,
)
FORECAST = without(
    "budget",
    "forecastBudgetPct",
    "forecastBudgetDate",
    shape=one(
        forecastMedian=NUMBER,
        forecastLower=NUMBER,
        forecastUpper=NUMBER,
        budget=NULL_NUMBER,
        forecastBudgetPct=NULL_NUMBER,
        forecastBudgetDate={"type": ["string", "null"]},
        forecastCreatedAt=text(DATE_TIME),
    ),
)
PRICE = text(r"^\d+(\.\d+)?$")
RATE_CARDS = many(
    one(
        quoteNumber=text(),
        **PERIOD,
        currencyCode=text(),
        capabilities=many(
            without(
                "deploymentType",
                shape=one(
                    key=text(),
                    name=text(),
                    quotedPrice=PRICE,
                    quotedUnitOfMeasure=text("^Per "),
                    price=PRICE,
                    **PERIOD,
                    deploymentType=text(),
                ),
            )
        ),
    )
)
VALUES = one(records=many(one(key=text())), hasNextPage=BOOLEAN)
ALLOCATION = one(
    environmentId=text(),
    field={"enum": ["COSTCENTER", "PRODUCT"]},
    records=many(
        one(
            date=text(DATE),
            capability=text(),
            key={"type": ["string", "null"]},
            costs=NUMBER,
            usage=NUMBER,
        )
    ),
    nextPageKey=PAGE_KEY,
)
ENVIRONMENTS = one(
    data=many(
        without("name", shape=one(id=text(), name=text(), active=BOOLEAN, url=text("^https://")))
    )
)
NOTIFICATIONS = without(
    "nextPageKey",
    shape=one(
        records=many(
            one(
                key=text(),
                accountUuid=text(),
                message=text(),
                severity={"enum": ["SEVERE", "WARN", "INFO"]},
                type=text("^[a-z-]+$"),
                details={"type": "object"},
                date=text(DATE_TIME),
            )
        ),
        hasNextPage=BOOLEAN,
        nextPageKey=text(),
    ),
)
TOKEN = one(
    token_type=text("^Bearer$"),
    access_token=text(),
    expires_in={"const": 300},
    scope=text(),
    resource=text("^urn:dtaccount:"),
)


def is_number(_: object, found: object) -> bool:
    return isinstance(found, Decimal)


# Numbers are read as decimals here, which jsonschema does not know by itself.
CHECKER = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("number", is_number)
VALIDATOR = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # the stubs lack it
    jsonschema.Draft202012Validator, type_checker=CHECKER
)


def mistakes(value: object, schema: dict[str, Any]) -> list[str]:
    return [f"{each.json_path}: {each.message}" for each in VALIDATOR(schema).iter_errors(value)]


def endpoints(owner: Client) -> dict[str, tuple[str, dict[str, str], dict[str, Any]]]:
    """Path, query and shape of every read."""
    account = owner.account["uuid"]
    environment = owner.account["environments"][0]["id"]
    allocation = f"/v1/subscriptions/{owner.server.subscription_uuid}/cost-allocation"
    query = {"field": "COSTCENTER", "environment-id": environment}
    return {
        "subscriptions": (owner.subscriptions, {}, SUBSCRIPTIONS),
        "subscription": (owner.shared, {}, SUBSCRIPTION),
        "cost": (owner.shared + "/cost", {}, COST_LIST),
        "usage": (owner.shared + "/usage", {}, USAGE_LIST),
        "old environment cost": (owner.shared + "/environments/cost", JANUARY, OLD_COST),
        "old environment usage": (owner.shared + "/environments/usage", JANUARY, OLD_USAGE),
        "environment cost": (owner.shared_v3 + "/environments/cost", JANUARY, COST_PAGE),
        "environment usage": (owner.shared_v3 + "/environments/usage", JANUARY, USAGE_PAGE),
        "forecast": (owner.subscriptions + "/forecast", {}, FORECAST),
        "rate cards": (f"/sub/v1/accounts/{account}/rate-cards", {}, RATE_CARDS),
        "cost centers": (owner.settings("costcenters"), {}, VALUES),
        "products": (owner.settings("products"), {}, VALUES),
        "cost allocation": (allocation, query, ALLOCATION),
        "environments": (f"/env/v2/accounts/{account}/environments", {}, ENVIRONMENTS),
        "notifications": (f"/v2/accounts/{account}/notifications", {}, NOTIFICATIONS),
    }


NAMES = (
    "subscriptions",
    "subscription",
    "cost",
    "usage",
    "old environment cost",
    "old environment usage",
    "environment cost",
    "environment usage",
    "forecast",
    "rate cards",
    "cost centers",
    "products",
    "cost allocation",
    "environments",
    "notifications",
)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_has_exactly_the_documented_fields(name: str, owner: Client) -> None:
    path, query, shape = endpoints(owner)[name]
    answer = owner.read(path, **query)
    assert mistakes(answer, shape) == []


def test_a_token_answer_has_the_documented_fields(owner: Client) -> None:
    answer = numbers_kept(owner.ask_token(scope="account-uac-read").text)
    assert mistakes(answer, TOKEN) == []


def test_every_subscription_has_the_documented_fields(owner: Client) -> None:
    for each in owner.read(owner.subscriptions)["data"]:
        detail = owner.read(f"{owner.subscriptions}/{each['uuid']}")
        assert mistakes(detail, SUBSCRIPTION) == []
        assert {name: detail[name] for name in SUMMARY} == each


def test_dates_come_in_three_spellings(owner: Client) -> None:
    detail = owner.read(owner.shared)
    cost = owner.read(owner.shared + "/cost")["data"][0]
    assert len(detail["startTime"]) == len("2026-01-01")
    assert len(detail["periods"][0]["startTime"]) == len("2026-01-01T00:00:00Z")
    assert len(cost["startTime"]) == len("2026-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/sub/v2/accounts/{}/nothing", 404), ("/sub/v2/accounts/{}/subscriptions/unknown", 404)],
)
def test_an_error_has_a_boolean_error(path: str, status: int, owner: Client) -> None:
    answer = owner.get(path.format(owner.account["uuid"]))
    assert answer.status_code == status
    error = answer.json()
    assert error["error"] is True
    assert error["message"]
    assert error["payload"] is None
