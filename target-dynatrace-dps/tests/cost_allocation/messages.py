"""Singer messages, made short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def schema(stream: str = "cost_centers", key: str = "key") -> dict[str, Any]:
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": {key: {"type": ["null", "string"]}}},
        "key_properties": [],
    }


def record(key: object, stream: str = "cost_centers", **more: object) -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": {"key": key, **more}}


def deleted(key: str, stream: str = "cost_centers", **more: object) -> dict[str, Any]:
    return record(key, stream, _sdc_deleted_at="2026-03-01T00:00:00Z", **more)


def versioned(key: str, version: int, stream: str = "cost_centers") -> dict[str, Any]:
    return {**record(key, stream), "version": version}


def activate(version: int, stream: str = "cost_centers") -> dict[str, Any]:
    return {"type": "ACTIVATE_VERSION", "stream": stream, "version": version}


def state(**value: object) -> dict[str, Any]:
    return {"type": "STATE", "value": value}


def stream_of(keys: Sequence[object], stream: str = "cost_centers") -> list[dict[str, Any]]:
    """Make the messages of a stream with these keys, and a state behind them."""
    return [schema(stream), *(record(key, stream) for key in keys), state(read=len(keys))]
