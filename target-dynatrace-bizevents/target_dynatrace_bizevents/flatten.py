"""From a record to the flat attributes that Grail keeps with their types.

Grail stores nested objects as JSON text, which no query can filter on; so they are flattened
with dots before they are sent. Arrays become JSON text here, as Grail would make of them.
"""

from __future__ import annotations

from typing import Any

from .codec import encode

RENAMED_PREFIX = "record."
"""Stands before an attribute's name that Grail or this target needs for itself."""

OWN_NAMES = frozenset({"timestamp", "event.id", "event.kind", "event.type", "event.provider"})
"""Set by Grail or by this target.

A record's own `timestamp` must never be the event's: Grail drops an event whose timestamp is
more than 24 hours old, after it has answered 202.
"""

RESERVED_PREFIX = "dt."
"""Names that Grail keeps for Dynatrace's own attributes."""

_NESTED = frozenset({dict, list})


def attribute_name(name: str) -> str:
    """Return the name under which an attribute is sent."""
    if not name or name in OWN_NAMES or name.startswith(RESERVED_PREFIX):
        return RENAMED_PREFIX + name
    return name


def is_flat(record: dict[str, Any]) -> bool:
    """Tell whether no value is an object or an array."""
    return _NESTED.isdisjoint(map(type, record.values()))


def flatten(record: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a record, in its order.

    Two values that would share a name keep both: the second one's name ends in `_2`.
    """
    attributes: dict[str, Any] = {}
    _add(attributes, record, "")
    return attributes


def _add(attributes: dict[str, Any], record: dict[str, Any], prefix: str) -> None:
    for key, value in record.items():
        if type(value) is dict and value:
            _add(attributes, value, f"{prefix}{key}.")
            continue
        name = _free_name(attributes, attribute_name(prefix + key))
        attributes[name] = encode(value).decode() if type(value) in _NESTED else value


def _free_name(attributes: dict[str, Any], name: str) -> str:
    free, number = name, 1
    while free in attributes:
        number += 1
        free = f"{name}_{number}"
    return free
