"""Validation: the SDK's verdicts, and messages without values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.exceptions import InvalidJSONSchema, InvalidRecord
from singer_sdk.sinks.core import JSONSchemaValidator
from target_dynatrace_bizevents.validator import RecordValidator

kinds = st.sampled_from(["string", "integer", "number", "boolean", "null", "object", "array"])
columns = st.one_of(
    st.builds(lambda kind: {"type": kind}, kinds),
    st.builds(lambda some: {"type": some}, st.lists(kinds, min_size=1, max_size=3, unique=True)),
    st.builds(
        lambda kind: {"type": [kind, "null"], "description": "x"}, kinds.filter("null".__ne__)
    ),
    st.just({"type": ["string", "null"], "format": "date-time"}),
    st.just({"type": "integer", "minimum": 3}),
    st.just({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    st.just({"enum": ["a", 1, None]}),
    st.just({"type": "array", "items": {"type": "integer"}}),
    st.just({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}),
    st.just({}),
)
schemas = st.builds(
    lambda properties, required, more: {"properties": properties, "required": required, **more},
    st.dictionaries(st.sampled_from("abcd"), columns, max_size=4),
    st.lists(st.sampled_from("abcd"), max_size=2, unique=True),
    st.sampled_from(
        [{}, {"type": "object"}, {"type": ["null", "object"]}, {"additionalProperties": False}]
    ),
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.sampled_from([Decimal("1.0"), Decimal("2.50"), Decimal("1e30"), Decimal("-0.0")])
    | st.sampled_from(["", "a", "2024-10-22", float("nan")]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=4,
)


def accepts(validate: Any, record: dict[str, Any]) -> bool:
    try:
        validate(record)
    except InvalidRecord:
        return False
    return True


@given(schemas, st.dictionaries(st.sampled_from("abcde"), values, max_size=5))
def test_verdicts_are_the_sdks(schema: dict[str, Any], record: dict[str, Any]) -> None:
    ours, theirs = RecordValidator(schema, "s"), JSONSchemaValidator(schema)
    assert accepts(ours.validate, record) == accepts(theirs.validate, record)


@pytest.mark.parametrize(
    ("schema", "record", "complaint"),
    [
        ({"type": ["integer", "null"]}, {"a": "secret"}, "'a' should be integer or null"),
        ({"type": "object", "required": ["x"]}, {"a": {}}, "'a' lacks x"),
        ({"maxLength": 3}, {"a": "secret"}, "'a' breaks the rule 'maxLength'"),
    ],
)
def test_a_refusal_says_where_and_what_but_no_value(
    schema: dict[str, Any], record: dict[str, Any], complaint: str
) -> None:
    validator = RecordValidator({"properties": {"a": schema}}, "orders")
    with pytest.raises(InvalidRecord) as caught:
        validator.validate(record)
    assert complaint in caught.value.error_message
    assert "'orders'" in caught.value.error_message
    assert "secret" not in caught.value.error_message


def test_a_multiple_of_a_fraction_is_judged_at_all() -> None:
    """The SDK's own validator ends in a TypeError here."""
    validator = RecordValidator({"properties": {"a": {"type": "number", "multipleOf": 0.01}}}, "s")
    validator.validate({"a": Decimal("1.25")})
    with pytest.raises(InvalidRecord, match="multiple"):
        validator.validate({"a": Decimal("1.255")})


def test_a_schema_that_is_none_is_told_in_one_line() -> None:
    with pytest.raises(InvalidJSONSchema, match="stream 'orders'") as caught:
        RecordValidator({"properties": {"a": {"type": "nonsense"}}}, "orders")
    assert "\n" not in str(caught.value)
