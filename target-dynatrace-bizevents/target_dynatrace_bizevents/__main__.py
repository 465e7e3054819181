"""Command line of the target."""

from __future__ import annotations

from singer_sdk.exceptions import (
    ConfigurationError,
    InvalidJSONSchema,
    InvalidRecord,
    MapExpressionError,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.singerlib.exceptions import InvalidInputLine

from target_dynatrace_bizevents.dynatrace_api.plugin import run
from target_dynatrace_bizevents.target import TargetDynatraceBizevents


def main() -> None:
    """Run the target."""
    run(
        TargetDynatraceBizevents,
        ConfigurationError,
        InvalidInputLine,
        InvalidJSONSchema,
        InvalidRecord,
        MapExpressionError,
        MissingKeyPropertiesError,
        RecordsWithoutSchemaException,
        StreamMapConfigError,
    )


if __name__ == "__main__":
    main()
