"""From records to events: shapes, names, digits, ids."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_dynatrace_bizevents.codec import decode, encode
from target_dynatrace_bizevents.events import EventEncoder
from target_dynatrace_bizevents.flatten import OWN_NAMES, flatten
from target_dynatrace_bizevents.identity import NAMESPACE
from target_dynatrace_bizevents.mapping import TAP_EVENT_TYPES, event_type, shape_of

from .runner import event_id

SUBSCRIPTION: dict[str, Any] = {
    "uuid": "s-1",
    "accountUuid": "a-1",
    "accountName": "Acme",
    "name": "DPS",
    "type": "REGULAR",
    "subType": None,
    "status": "ACTIVE",
    "startTime": "2021-05-01",
    "endTime": "2026-05-01",
    "account": {"uuid": "a-1"},
    "budget": {"total": 1_000_000, "used": Decimal("27328.8794184588"), "currencyCode": "EUR"},
    "currentPeriod": {"startTime": "2024-05-01", "endTime": "2025-05-01", "daysRemaining": 313},
    "periods": [{"startTime": "2021-05-01T15:11:00Z"}],
    "capabilities": [{"key": "LOGS", "name": "Logs"}],
    "lastModifiedTime": "2024-06-01T00:00:00Z",
}

SUBSCRIPTION_EVENT = {
    "uuid": "s-1",
    "account": {"uuid": "a-1"},
    "name": "DPS",
    "budget": 1_000_000,
    "used": Decimal("27328.8794184588"),
    "currency": "EUR",
    "startTime": "2024-05-01",
    "endTime": "2025-05-01",
    "daysRemaining": 313,
    "accountUuid": "a-1",
    "accountName": "Acme",
    "type": "REGULAR",
    "status": "ACTIVE",
}

COST: dict[str, Any] = {
    "accountUuid": "a-1",
    "accountName": "Acme",
    "subscriptionUuid": "s-1",
    "startTime": "2024-10-22T00:00:00.000Z",
    "endTime": "2024-10-23T00:00:00.000Z",
    "value": Decimal("0.0098"),
    "currencyCode": "USD",
    "lastBookingDate": "2024-10-22T00:00:00.000Z",
    "costToDate": Decimal("12.3400"),
    "lastModifiedTime": "2024-10-24T00:00:00.000Z",
}

COST_EVENT = {name: value for name, value in COST.items() if name != "lastModifiedTime"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9, places=5)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), children, max_size=3)
    ),
    max_leaves=6,
)
names = st.text(st.characters(codec="utf-8"), max_size=4) | st.sampled_from(
    [*OWN_NAMES, "dt.x", "dt", "event", "a", "a.b", "id"]
)
records = st.dictionaries(names, json_values, max_size=5)


def shaped(stream: str, record: dict[str, Any], separator: str = "__") -> dict[str, Any]:
    return shape_of(stream, {name: {} for name in record}, separator)(record)


def flattened_by_the_sdk(record: dict[str, Any], separator: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            flat |= {f"{name}{separator}{inner}": item for inner, item in value.items()}
        else:
            flat[name] = value
    return flat


def test_the_guides_subscription_event() -> None:
    event = shaped("subscriptions", SUBSCRIPTION)
    assert event == SUBSCRIPTION_EVENT
    assert list(event)[:9] == [
        *("uuid", "account", "name", "budget", "used", "currency"),
        *("startTime", "endTime", "daysRemaining"),
    ]


def test_the_guides_cost_event() -> None:
    assert shaped("cost", COST) == COST_EVENT


@pytest.mark.parametrize("separator", ["__", "."])
def test_a_subscription_that_the_sdk_flattened_gives_the_same_event(separator: str) -> None:
    flat = flattened_by_the_sdk(SUBSCRIPTION, separator)
    assert shaped("subscriptions", flat, separator) == SUBSCRIPTION_EVENT


def test_the_currency_is_dollars_where_the_budget_has_none() -> None:
    record = SUBSCRIPTION | {"budget": {"total": 1, "used": 0}}
    assert shaped("subscriptions", record)["currency"] == "USD"


def test_a_subscription_without_a_period_has_its_own_dates() -> None:
    event = shaped("subscriptions", SUBSCRIPTION | {"currentPeriod": None})
    assert (event["startTime"], event["endTime"]) == ("2021-05-01", "2026-05-01")
    assert "daysRemaining" not in event


@pytest.mark.parametrize("stream", ["subscriptions", "cost"])
def test_a_namesake_of_another_tap_loses_no_column(stream: str) -> None:
    record = {"id": 1, "plan": "gold", "value": 3}
    assert shaped(stream, record) == record


def test_metadata_of_the_sdk_stays_with_the_guides_events() -> None:
    assert shaped("cost", COST | {"_sdc_sequence": 5})["_sdc_sequence"] == 5


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("subscriptions", "dps.subscription.status"),
        ("cost", "dps.cost2.booked"),
        ("usage", "dps.usage"),
        ("environment_usage", "dps.environment.usage"),
        ("environment_cost", "dps.environment.cost"),
        ("cost_centers", "dps.cost_center"),
        ("products", "dps.product"),
        ("rate_cards", "dps.rate.cards"),
        ("cost_allocation", "dps.cost.allocation"),
        ("orders", "singer.orders"),
        ("mine", "my.type"),
    ],
)
def test_event_types(stream: str, expected: str) -> None:
    assert event_type(stream, {"mine": "my.type"}, "singer") == expected


def test_an_override_wins_over_the_taps_type() -> None:
    assert event_type("cost", {"cost": "dps.cost.booked"}, "singer") == "dps.cost.booked"
    assert len(set(TAP_EVENT_TYPES.values())) == len(TAP_EVENT_TYPES)


def test_objects_are_flattened_and_arrays_become_text() -> None:
    record = {"a": {"b": {"c": 1}, "d": [1, {"e": Decimal("1.10")}]}, "f": {}, "g": []}
    assert flatten(record) == {"a.b.c": 1, "a.d": '[1,{"e":1.10}]', "f": "{}", "g": "[]"}


def test_names_that_grail_keeps_for_itself_are_renamed() -> None:
    record = {"timestamp": "2020-01-01", "dt.entity": 1, "event": {"id": 2, "name": 3}, "": 4}
    assert flatten(record) == {
        "record.timestamp": "2020-01-01",
        "record.dt.entity": 1,
        "record.event.id": 2,
        "event.name": 3,
        "record.": 4,
    }


def test_two_values_of_one_name_are_both_kept() -> None:
    record = {"a": {"b": 1}, "a.b": 2, "a.b_2": 3}
    assert flatten(record) == {"a.b": 2, "a.b_2": 3, "a.b_3": 1}


@given(records)
def test_no_attribute_is_lost_renamed_into_another_or_reserved(record: dict[str, Any]) -> None:
    def leaves(value: Any) -> int:
        return sum(map(leaves, value.values())) if isinstance(value, dict) and value else 1

    attributes = shape_of("any", {}, "__")(record)
    assert len(attributes) == (leaves(record) if record else 0)
    assert not OWN_NAMES.intersection(attributes)
    assert not any(name.startswith("dt.") for name in attributes)
    assert not any(isinstance(value, dict | list) for value in attributes.values())


@given(records)
def test_an_event_is_one_json_object_with_the_digits_of_the_record(record: dict[str, Any]) -> None:
    make = EventEncoder(
        event_type="t", provider="p", keys=(), shape=shape_of("orders", record, "__")
    )
    pairs = json.loads(make(record), object_pairs_hook=list, parse_float=Decimal)
    names_of_event = [name for name, _ in pairs]
    assert len(names_of_event) == len(set(names_of_event))
    event = decode(make(record))
    assert event.pop("event.type") == "t"
    assert event.pop("event.provider") == "p"
    assert uuid.UUID(event.pop("event.id")).version == 5
    assert encode(event) == encode(shape_of("orders", record, "__")(record))


def test_digits_stay_as_they_came() -> None:
    line = (
        b'{"a":27328.8794184588,"b":1.10,"c":0.1000000000000000055511151231257827,"d":%d}' % 10**40
    )
    assert encode(decode(line)) == line


def test_nan_becomes_null() -> None:
    assert encode({"a": float("nan"), "b": float("-inf")}) == b'{"a":null,"b":null}'


@given(records)
def test_ids_are_uuids_of_version_5_in_our_namespace(record: dict[str, Any]) -> None:
    identifier = event_id("t", record | {"key": "k"}, ["key"])
    assert identifier == str(uuid.uuid5(NAMESPACE, '["t","k"]'))
    assert uuid.UUID(event_id("t", record, ())).version == 5


def test_the_id_of_a_cost_never_changes() -> None:
    keys = ["accountUuid", "subscriptionUuid", "startTime"]
    identifier = event_id("dps.cost2.booked", COST, keys)
    assert identifier == "3efe9b88-22ba-5482-b6e3-402c6f8050b5"
    assert event_id("dps.cost2.booked", COST | {"value": 5, "costToDate": 6}, keys) == identifier


@pytest.mark.parametrize("spelling", ["1", "1.0", "1.000", "1e0", "10e-1", "0.1e1"])
def test_the_spelling_of_a_number_does_not_change_the_id(spelling: str) -> None:
    record = decode(f'{{"id":{spelling}}}'.encode())
    assert event_id("t", record, ["id"]) == event_id("t", {"id": 1}, ["id"])


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(0, 5))
def test_trailing_zeros_do_not_change_the_id(number: Decimal, zeros: int) -> None:
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    longer = Decimal((sign, digits + (0,) * zeros, exponent - zeros))
    assert event_id("t", {"id": longer}, ["id"]) == event_id("t", {"id": number}, ["id"])


@given(json_values, json_values)
def test_different_keys_have_different_ids(one: Any, other: Any) -> None:
    first, second = (event_id("t", {"id": value}, ["id"]) for value in (one, other))
    assert (first == second) == (encode(one) == encode(other) or equal(one, other))


def equal(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are equal; a boolean is no number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        # The order of names in a key that is an object counts.
        pairs = zip(one.items(), other.items(), strict=False)
        return len(one) == len(other) and all(a == b and equal(x, y) for (a, x), (b, y) in pairs)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def test_without_a_key_the_whole_content_counts_but_not_its_order() -> None:
    one = {"a": 1, "b": {"c": 2, "d": 3}}
    assert event_id("t", one, ()) == event_id("t", {"b": {"d": 3, "c": 2}, "a": 1}, ())
    assert event_id("t", one, ()) != event_id("t", {"a": 1, "b": {"c": 2}}, ())


def test_without_a_key_the_sdks_metadata_does_not_count() -> None:
    assert event_id("t", {"a": 1, "_sdc_sequence": 7}, ()) == event_id("t", {"a": 1}, ())


def test_the_event_type_counts() -> None:
    assert event_id("t", {"a": 1}, ["a"]) != event_id("u", {"a": 1}, ["a"])
