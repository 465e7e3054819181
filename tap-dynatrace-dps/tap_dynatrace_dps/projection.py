"""Records in the form of their schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .dates import day_of, normal_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def projected(
    value: Mapping[str, Any], schema: Mapping[str, Any], unknown: Callable[[str], None]
) -> dict[str, Any]:
    """Keep what the schema declares, in its order, with dates in one spelling.

    A property the API left out is null. Date-times become `2024-10-22T00:00:00.000Z`, dates
    `2024-10-22`; a text that is neither stays as it came.

    Args:
        value: an object of the API.
        schema: JSON schema of an object.
        unknown: told the name of each property that the schema does not declare.
    """
    properties = schema["properties"]
    for name in value.keys() - properties.keys():
        unknown(name)
    return {
        name: _shaped(value.get(name), declared, unknown) for name, declared in properties.items()
    }


def _shaped(value: Any, schema: Mapping[str, Any], unknown: Callable[[str], None]) -> Any:  # noqa: ANN401
    if isinstance(value, dict) and "properties" in schema:
        return projected(value, schema, unknown)
    if isinstance(value, list) and "items" in schema:
        return [_shaped(item, schema["items"], unknown) for item in value]
    if isinstance(value, str) and (form := schema.get("format")):
        try:
            return normal_time(value) if form == "date-time" else day_of(value).isoformat()
        except ValueError:
            return value
    return value
