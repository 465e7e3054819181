"""The tables of the DuckDB job have the columns, types and keys of the streams."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from tap_dynatrace_dps.tap import TapDynatraceDPS

from .conftest import ROOT

CONFIG = {
    "account_uuid": "account",
    "client_id": "id",
    "client_secret": "secret",
    # As the plugin tap-dynatrace-dps--warehouse has it.
    "flattening_enabled": True,
    "flattening_max_depth": 1,
}

TYPES = {
    ("string", "date-time"): "TIMESTAMP",
    ("string", "date"): "DATE",
    ("string", None): "VARCHAR",
    ("number", None): "DECIMAL(38,18)",
    ("integer", None): "BIGINT",
    ("boolean", None): "BOOLEAN",
}
"""Types of JSON schemas and of DuckDB; what is still nested is text."""


def catalog() -> dict[str, Any]:
    """Return the tap's catalog with every stream selected."""
    found = TapDynatraceDPS(config=dict(CONFIG)).catalog_dict
    for entry in found["streams"]:
        for metadata in entry["metadata"]:
            metadata["metadata"]["selected"] = True
    return found


STREAMS = TapDynatraceDPS(config=dict(CONFIG), catalog=catalog()).streams


def type_of(schema: dict[str, Any]) -> str:
    kinds = [kind for kind in schema.get("type", ["string"]) if kind != "null"]
    return TYPES.get((kinds[0], schema.get("format")), "VARCHAR")


@pytest.mark.parametrize("stream", STREAMS)
def test_table_has_the_columns_types_and_key_of_the_stream(stream: str) -> None:
    with duckdb.connect() as connection:
        connection.execute((ROOT / "sql" / "duckdb.sql").read_text(encoding="utf-8"))
        columns = connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns()"
            " WHERE schema_name = 'dps' AND table_name = ?",
            [stream],
        ).fetchall()
        key = connection.execute(
            "SELECT constraint_column_names FROM duckdb_constraints() WHERE schema_name = 'dps'"
            " AND table_name = ? AND constraint_type = 'PRIMARY KEY'",
            [stream],
        ).fetchall()
    declared = STREAMS[stream].stream_maps[0].transformed_schema["properties"]
    assert dict(columns) == {name: type_of(schema) for name, schema in declared.items()}
    assert key == [(list(STREAMS[stream].primary_keys),)]
