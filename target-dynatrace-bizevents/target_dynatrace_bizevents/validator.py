"""Validation of records with the SDK's verdicts, at a fraction of its time.

Three judges, from the fastest to the one whose word counts: our own check of types where the
schema asks for no more, jsonschema-rs where it does, and the SDK's validator for what these do
not accept.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

import jsonschema_rs
from singer_sdk.exceptions import InvalidJSONSchema, InvalidRecord
from singer_sdk.sinks.core import BaseJSONSchemaValidator, JSONSchemaValidator
from typing_extensions import override

from .typecheck import type_check

if TYPE_CHECKING:
    from jsonschema import ValidationError

    from .typecheck import Check


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
        self._accepts: Check = type_check(schema) or _compiled(schema)

    @override
    def validate(self, record: dict[str, Any]) -> None:
        if not self._accepts(record):
            self._ask_the_sdk(record)

    def _ask_the_sdk(self, record: dict[str, Any]) -> None:
        try:
            failure = next(self._judge.validator.iter_errors(record), None)
        except TypeError:
            # The library divides Decimal by float for `multipleOf`, and cannot.
            if _compiled(self.schema)(record):
                return
            raise InvalidRecord(self._sentence("a number is no multiple"), record) from None
        if failure is not None:
            raise InvalidRecord(self._sentence(_complaint(failure)), record) from None

    def _sentence(self, complaint: str) -> str:
        return (
            f"a record of the stream '{self._stream}' does not fit its schema: {complaint}. "
            "Mend the tap's schema or record, or set 'validate_records' to false."
        )


def _compiled(schema: dict[str, Any]) -> Check:
    """Return the check of jsonschema-rs, or one that accepts nothing where it cannot be had."""
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=False)
    except ValueError:
        # A pattern or reference that only Python's library understands.
        return lambda _: False
    return lambda record: validator.is_valid(record) and not _has_whole_decimal(record)


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
