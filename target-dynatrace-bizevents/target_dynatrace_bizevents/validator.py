"""Validation of records with the SDK's verdicts, at a fraction of its time.

Three judges, from the fastest to the one whose word counts. Most schemas of Singer taps say
only which JSON types a value may have; those are checked here. What else a schema says is
checked by jsonschema-rs. A refusal counts only when the SDK's own validator agrees.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import jsonschema_rs
from singer_sdk.exceptions import InvalidJSONSchema, InvalidRecord
from singer_sdk.sinks.core import BaseJSONSchemaValidator, JSONSchemaValidator
from typing_extensions import override

if TYPE_CHECKING:
    from jsonschema import ValidationError

_PYTHON_TYPES: dict[str, frozenset[type]] = {
    "string": frozenset({str}),
    "integer": frozenset({int}),
    "number": frozenset({int, Decimal}),
    "boolean": frozenset({bool}),
    "null": frozenset({type(None)}),
}

_ANNOTATIONS = frozenset(
    {"type", "format", "title", "description", "default", "examples", "$comment", "writeOnly"}
    | {"readOnly", "deprecated", "secret", "x-sql-datatype"}
)
"""Words of a property's schema that refuse nothing (formats are not validated)."""

_OBJECT_WORDS = frozenset(
    {"type", "properties", "required", "title", "description", "$schema", "$id", "$comment"}
)


class RecordValidator(BaseJSONSchemaValidator):
    """Validates the records of one stream."""

    def __init__(self, schema: dict[str, Any], stream: str) -> None:
        """Compile the schema.

        Args:
            schema: of the stream.
            stream: its name, for messages.

        Raises:
            InvalidJSONSchema: the schema is none.
        """
        super().__init__(schema)
        self._stream = stream
        try:
            self._judge = JSONSchemaValidator(schema)
        except InvalidJSONSchema as error:
            reason = str(error).splitlines()[0].removeprefix("Schema Validation Error: ")
            message = f"The schema of the stream '{stream}' is not a JSON schema: {reason}."
            raise InvalidJSONSchema(message) from error
        self._accepted = _accepted_types(schema)
        self._required = frozenset(schema.get("required") or ())
        self._compiled: jsonschema_rs.Draft202012Validator | None = None
        try:
            self._compiled = jsonschema_rs.Draft202012Validator(schema, validate_formats=False)
        except ValueError:
            # A pattern or reference that only Python's library understands.
            self._accepted = None

    @override
    def validate(self, record: dict[str, Any]) -> None:
        if self._accepted is not None:
            accepted = self._accepted
            try:
                for name, value in record.items():
                    if type(value) not in accepted[name]:
                        break
                else:
                    if self._required.issubset(record):
                        return
            except KeyError:
                pass
        elif self._compiled and self._compiled.is_valid(record) and not _has_whole_decimal(record):
            return
        self._ask_the_sdk(record)

    def _ask_the_sdk(self, record: dict[str, Any]) -> None:
        try:
            failure = next(self._judge.validator.iter_errors(record), None)
        except TypeError:
            # The library divides Decimal by float for `multipleOf`, and cannot.
            if self._compiled and self._compiled.is_valid(record):
                return
            raise InvalidRecord(self._sentence("a number is no multiple"), record) from None
        if failure is not None:
            raise InvalidRecord(self._sentence(_complaint(failure)), record) from None

    def _sentence(self, complaint: str) -> str:
        return (
            f"a record of the stream '{self._stream}' does not fit its schema: {complaint}. "
            "Mend the tap's schema or record, or set 'validate_records' to false."
        )


def _accepted_types(schema: dict[str, Any]) -> dict[str, frozenset[type]] | None:
    """Return the Python types of each column, or None where the schema says more than types."""
    words = _OBJECT_WORDS
    if schema.get("additionalProperties", True) is True:
        words |= {"additionalProperties"}
    kinds = schema.get("type", "object")
    if not words.issuperset(schema) or "object" not in (
        [kinds] if isinstance(kinds, str) else kinds
    ):
        return None
    accepted: dict[str, frozenset[type]] = {}
    for name, column in cast("dict[str, Any]", schema["properties"]).items():
        kinds = column.get("type") if isinstance(column, dict) else None
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not kinds or not _ANNOTATIONS.issuperset(column):
            return None
        if not _PYTHON_TYPES.keys() >= set(kinds):
            return None
        accepted[name] = frozenset().union(*(_PYTHON_TYPES[kind] for kind in kinds))
    return accepted


def _has_whole_decimal(value: Any) -> bool:  # noqa: ANN401
    """Tell whether a number like 1.0 is in there, which is no integer in the SDK's eyes."""
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    if isinstance(value, dict):
        return any(map(_has_whole_decimal, value.values()))
    return isinstance(value, list) and any(map(_has_whole_decimal, value))


def _complaint(failure: ValidationError) -> str:
    """Say where and what, without the value, which may be long or private."""
    where = ".".join(str(part) for part in failure.absolute_path)
    place = f"'{where}'" if where else "it"
    rule, expected = str(failure.validator), cast("Any", failure.validator_value)
    if rule == "type":
        kinds = [expected] if isinstance(expected, str) else expected
        return f"{place} should be {' or '.join(kinds)}"
    if rule == "required":
        present = cast("dict[str, Any]", failure.instance)
        missing = [name for name in expected if name not in present]
        return f"{place} lacks {', '.join(missing)}"
    return f"{place} breaks the rule '{rule}'"
