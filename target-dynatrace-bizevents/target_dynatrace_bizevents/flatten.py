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

_REMEMBERED_NAMES = 10_000
"""More than any schema has; objects with an id for each name have no end."""


def attribute_name(name: str) -> str:
    """Return the name under which an attribute is sent."""
    if not name or name in OWN_NAMES or name.startswith(RESERVED_PREFIX):
        return RENAMED_PREFIX + name
    return name


class _Names(dict[str, str]):
    """Remembers under which name each attribute is sent."""

    def __missing__(self, name: str) -> str:
        sent = attribute_name(name)
        if len(self) < _REMEMBERED_NAMES:
            self[name] = sent
        return sent


_names = _Names()


def flatten(record: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of a record.

    Two values that would share a name keep both: the second one's name ends in `_2`. The values
    of an object come before those of the objects in it.
    """
    attributes: dict[str, Any] = {}
    _add(attributes, record, "")
    return attributes


def _add(attributes: dict[str, Any], record: dict[str, Any], prefix: str) -> None:
    objects = []
    for key, value in record.items():
        kind = type(value)
        if kind is dict and value:
            objects.append((f"{prefix}{key}.", value))
            continue
        name = _names[prefix + key]
        if name in attributes:
            name = _free_name(attributes, name)
        attributes[name] = encode(value).decode() if kind is list or kind is dict else value
    for inner_prefix, value in objects:
        _add(attributes, value, inner_prefix)


def _free_name(attributes: dict[str, Any], name: str) -> str:
    number = 2
    while (free := f"{name}_{number}") in attributes:
        number += 1
    return free
