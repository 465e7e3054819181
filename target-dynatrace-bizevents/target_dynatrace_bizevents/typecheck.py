"""A fast check of JSON types: all that most schemas of Singer taps ask for.

A schema becomes a function that accepts a value only when the Singer SDK's validator would. It
may reject more than that one does, never accept more: what it rejects is judged again.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

Check = Callable[[Any], bool]

Column = tuple[frozenset[type], Check | None]
"""Types that a column accepts as they are, and the closer look at objects and arrays."""

_KINDS: dict[str, frozenset[type]] = {
    "string": frozenset({str}),
    # No Decimal: 1.0 is no integer in the SDK's eyes.
    "integer": frozenset({int}),
    "number": frozenset({int, Decimal, msgspec.Raw}),
    "boolean": frozenset({bool}),
    "null": frozenset({type(None)}),
}

SCALARS = frozenset[type]().union(*_KINDS.values())
"""Types of values that are not made of others; Raw is a number in its own spelling."""

_ANY = SCALARS | {float, dict, list}

_ANNOTATIONS = frozenset(
    {"format", "title", "description", "default", "examples", "$comment", "writeOnly"}
    | {"readOnly", "deprecated", "secret", "x-sql-datatype", "$schema", "$id"}
)
"""Words of a schema that refuse nothing (formats are not validated)."""


class _TooMuchError(Exception):
    """The schema says more than types."""


class ObjectCheck:
    """The check of an object, column by column.

    Attributes:
        required: names of columns that must be there.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        """Compile the schema of an object."""
        self._plain: dict[str, frozenset[type]] = {}
        self._inner: dict[str, Check] = {}
        for name, column in schema.get("properties", {}).items():
            self._plain[name], closer_look = _compile(column)
            if closer_look is not None:
                self._inner[name] = closer_look
        self.required = frozenset(schema.get("required", ()))
        additional = schema.get("additionalProperties", True)
        if not isinstance(additional, bool):
            raise _TooMuchError
        self._others = _ANY if additional else frozenset[type]()

    def __call__(self, record: Any) -> bool:  # noqa: ANN401
        """Tell whether the value is accepted for certain."""
        if type(record) is not dict:
            return False
        find = self._plain.get
        for name, value in record.items():
            if type(value) not in find(name, self._others):
                closer_look = self._inner.get(name)
                if closer_look is None or not closer_look(value):
                    return False
        return self.required.issubset(record)

    @property
    def columns(self) -> dict[str, Column]:
        """What each column accepts."""
        return {name: (kinds, self._inner.get(name)) for name, kinds in self._plain.items()}


def type_check(schema: dict[str, Any]) -> ObjectCheck | None:
    """Return the check of a stream's schema, or None where the schema says more than types."""
    try:
        _, check = _compile(schema)
    except _TooMuchError:
        return None
    return check if isinstance(check, ObjectCheck) else None


def _compile(schema: Any) -> Column:  # noqa: ANN401
    if not isinstance(schema, dict):
        raise _TooMuchError
    words = schema.keys() - _ANNOTATIONS
    if words == {"anyOf"}:
        return _compile_any_of(schema["anyOf"])
    kinds = _kinds_of(schema)
    plain: frozenset[type] = frozenset().union(*(_KINDS.get(kind, ()) for kind in kinds))
    inner: Check | None = None
    if "object" in kinds and words & {"properties", "required", "additionalProperties"}:
        words -= {"properties", "required", "additionalProperties"}
        inner = ObjectCheck(schema)
    elif "object" in kinds:
        plain |= {dict}
    if "array" in kinds and "items" in words:
        if inner is not None:
            raise _TooMuchError
        words -= {"items"}
        inner = _array_check(schema["items"])
    elif "array" in kinds:
        plain |= {list}
    if words - {"type"}:
        raise _TooMuchError
    return (plain if kinds else _ANY), inner


def _compile_any_of(schemas: list[Any]) -> Column:
    parts = [_compile(part) for part in schemas]
    inner = [check for _, check in parts if check is not None]
    if len(inner) > 1:
        raise _TooMuchError
    return frozenset().union(*(kinds for kinds, _ in parts)), (inner[0] if inner else None)


def _kinds_of(schema: dict[str, Any]) -> list[str]:
    kinds = schema.get("type", [])
    if not kinds and "properties" in schema:
        # Strictly this accepts anything that is no object as well; records are objects.
        return ["object"]
    return [kinds] if isinstance(kinds, str) else kinds


def _array_check(items: Any) -> Check:  # noqa: ANN401
    kinds, inner = _compile(items)

    def check_items(values: Any) -> bool:  # noqa: ANN401
        if type(values) is not list:
            return False
        if inner is None:
            return kinds.issuperset(map(type, values))
        return all(type(value) in kinds or inner(value) for value in values)

    return check_items
