"""The records' schemas. Every property but the keys may be null.

Sources: the reference pages of the Dynatrace Platform Subscription API and of its neighbours.
Capability keys, statuses and types grow over time, so they are open texts.
"""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

Schema = dict[str, Any]


def key(
    name: str, description: str, kind: th.JSONTypeHelper[Any] | None = None
) -> th.Property[Any]:
    """Declare a property that is part of the key: always there, never null."""
    return th.Property(
        name, kind or th.StringType(), required=True, nullable=False, description=description
    )


def text(name: str, description: str) -> th.Property[Any]:
    """Declare a text."""
    return th.Property(name, th.StringType, description=description)


def number(name: str, description: str) -> th.Property[Any]:
    """Declare a number; its digits are those of the API."""
    return th.Property(name, th.NumberType, description=description)


def moment(name: str, description: str) -> th.Property[Any]:
    """Declare a date-time, spelled `2024-10-22T00:00:00.000Z`."""
    return th.Property(name, th.DateTimeType, description=description)


def day(name: str, description: str) -> th.Property[Any]:
    """Declare a date, spelled `2024-10-22`."""
    return th.Property(name, th.DateType, description=description)


def schema(*properties: th.Property[Any]) -> Schema:
    """Return the JSON schema of an object."""
    result: Schema = th.PropertiesList(*properties).to_dict()
    return result


_ACCOUNT = (
    key("accountUuid", "UUID of the account that was asked."),
    text("accountName", "Name of the account in the settings; its UUID where none is set."),
)
_SUBSCRIPTION = key("subscriptionUuid", "UUID of the subscription.")
_START = key("startTime", "Start of the charge period.", th.DateTimeType())
_END = moment("endTime", "End of the charge period, exclusive.")
_CAPABILITY = (
    key("capabilityKey", "Key of the capability, such as FULLSTACK_MONITORING."),
    text("capabilityName", "Name of the capability."),
)
_ENVIRONMENT = (
    text("clusterId", "UUID of the Managed cluster; null for SaaS."),
    key("environmentId", "Id of the environment: abc12345 (SaaS) or a UUID (Managed)."),
)
_MODIFIED = moment("lastModifiedTime", "When the API's data set last changed.")
_CURRENCY = text("currencyCode", "ISO 4217 code of the currency.")

ACCOUNTS = schema(
    key("uuid", "UUID of the account."),
    text("name", "Name of the account in the settings; its UUID where none is set."),
)

SUBSCRIPTIONS = schema(
    *_ACCOUNT,
    key("uuid", "UUID of the subscription."),
    text("name", "Name of the subscription."),
    text("type", "Type, such as REGULAR."),
    text("subType", "Sub-type, where there is one."),
    text("status", "Status, such as ACTIVE or EXPIRED."),
    day("startTime", "First day of the contract."),
    day("endTime", "Last day of the contract."),
    th.Property(
        "account",
        th.ObjectType(text("uuid", "UUID of the account that owns the subscription.")),
        description="Account that owns the subscription.",
    ),
    th.Property(
        "budget",
        th.ObjectType(
            number("total", "Commitment of the current period, in the currency."),
            number("used", "Used of it so far, in the currency."),
            text("currencyCode", "ISO 4217 code; may be missing before the first cost."),
        ),
        description="Commitment of the current period.",
    ),
    th.Property(
        "currentPeriod",
        th.ObjectType(
            day("startTime", "First day of the period."),
            day("endTime", "Last day of the period."),
            number("daysRemaining", "Days that remain, today included."),
        ),
        description="Current yearly period of the contract.",
    ),
    th.Property(
        "periods",
        th.ArrayType(
            th.ObjectType(moment("startTime", "Start."), moment("endTime", "End.")),
        ),
        description="All periods of the contract.",
    ),
    th.Property(
        "capabilities",
        th.ArrayType(
            th.ObjectType(text("key", "Key, such as FULLSTACK_MONITORING."), text("name", "Name.")),
        ),
        description="Capabilities of the subscription.",
    ),
)

COST = schema(
    *_ACCOUNT,
    _SUBSCRIPTION,
    _START,
    _END,
    number("value", "Cost of the day over all capabilities, in the currency."),
    number("costToDate", "Exact sum of this and all earlier days of the subscription."),
    _CURRENCY,
    moment("lastBookingDate", "When the day was last booked."),
    _MODIFIED,
)

USAGE = schema(
    *_ACCOUNT,
    _SUBSCRIPTION,
    *_CAPABILITY,
    _START,
    _END,
    number("value", "Usage in the unit of measure."),
    text("unitMeasure", "Unit of measure."),
    _MODIFIED,
)

ENVIRONMENT_COST = schema(
    *_ACCOUNT,
    _SUBSCRIPTION,
    *_ENVIRONMENT,
    *_CAPABILITY,
    _START,
    _END,
    number("value", "Cost in the currency; exact sum of the bookings."),
    _CURRENCY,
    moment("bookingDate", "Latest booking; may lie after the day itself."),
    th.Property("bookings", th.IntegerType, description="Bookings merged into this record."),
    _MODIFIED,
)

ENVIRONMENT_USAGE = schema(
    *_ACCOUNT,
    _SUBSCRIPTION,
    *_ENVIRONMENT,
    *_CAPABILITY,
    _START,
    _END,
    number("value", "Usage in the unit of measure; exact sum of the bookings."),
    text("unitMeasure", "Unit of measure."),
    moment("bookingDate", "Latest booking, where the API tells it."),
    th.Property("bookings", th.IntegerType, description="Bookings merged into this record."),
    _MODIFIED,
)

FIELD_VALUES = schema(*_ACCOUNT, key("key", "Allowed value of the cost-allocation field."))

COST_ALLOCATION = schema(
    *_ACCOUNT,
    _SUBSCRIPTION,
    key("environmentId", "Id of the SaaS environment."),
    key("field", "COSTCENTER or PRODUCT."),
    key("date", "Day of the consumption.", th.DateType()),
    key("capability", "Key of the capability."),
    key("key", "Allocated value; empty where the cost is not allocated."),
    number("costs", "Cost in the currency of the subscription."),
    number("usage", "Usage in the capability's unit, where the API tells it."),
)

FORECAST = schema(
    *_ACCOUNT,
    key("forecastCreatedAt", "When the forecast was made.", th.DateTimeType()),
    number("forecastMedian", "Expected cost at the end of the period."),
    number("forecastLower", "Lower bound."),
    number("forecastUpper", "Upper bound."),
    number("budget", "Budget that the forecast is held against; absent for hybrid contracts."),
    number("forecastBudgetPct", "Expected percentage of the budget."),
    moment("forecastBudgetDate", "When the budget is expected to be used up; null if never."),
)

RATE_CARDS = schema(
    *_ACCOUNT,
    key("quoteNumber", "Number of the quote."),
    key("key", "Key of the capability."),
    key("startTime", "From when the price holds.", th.DateTimeType()),
    key("deploymentType", "SaaS or Managed; empty where the price holds for both."),
    text("name", "Name of the capability."),
    text("quotedPrice", "Price of the quoted unit, as text with its digits."),
    text("quotedUnitOfMeasure", "Quoted unit, such as Per 100,000 memory-gibibyte-hours."),
    text("price", "Price of one unit, as text with its digits."),
    moment("endTime", "Until when the price holds."),
    _CURRENCY,
    moment("cardStartTime", "Start of the rate card."),
    moment("cardEndTime", "End of the rate card."),
)

ENVIRONMENTS = schema(
    *_ACCOUNT,
    key("id", "Id of the environment, as in environmentId of the other streams."),
    text("name", "Name of the environment."),
    th.Property("active", th.BooleanType, description="Whether the environment is active."),
    text("url", "URL of the environment."),
)

NOTIFICATIONS = schema(
    *_ACCOUNT,
    key("key", "Key of the notification."),
    key("date", "When it was raised.", th.DateTimeType()),
    text("type", "Kind, such as budget, cost, forecast or byok-revoked."),
    text("severity", "SEVERE, WARN or INFO."),
    text("message", "Text of the notification."),
    th.Property(
        "details",
        th.ObjectType(
            th.Property(
                "environments",
                th.ArrayType(
                    th.ObjectType(
                        text("uuid", "Id of the environment."),
                        text("clusterUuid", "UUID of its Managed cluster."),
                    ),
                ),
                description="Environments that it is about.",
            ),
            th.Property(
                "capabilities",
                th.ArrayType(th.StringType),
                description="Keys of the capabilities that it is about.",
            ),
            th.Property("allEnvironments", th.BooleanType, description="It is about all."),
            th.Property("allCapabilities", th.BooleanType, description="It is about all."),
            text("environmentUuid", "Environment of a key event."),
            text("keyName", "Name of the key of a key event."),
        ),
        description="What the notification is about.",
    ),
)
