"""Command line: `target-dynatrace-dps`, or `python -m target_dynatrace_dps`."""

from __future__ import annotations

from singer_sdk.exceptions import (
    InvalidJSONSchema,
    MapExpressionError,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
    StreamMapConfigError,
)
from singer_sdk.singerlib.exceptions import InvalidInputLine

from .dynatrace_api.plugin import run
from .target import TargetDynatraceDPS


def main() -> None:
    """Run the target; a mistake in settings or input is one sentence and exit code 1."""
    run(
        TargetDynatraceDPS,
        InvalidInputLine,
        InvalidJSONSchema,
        MapExpressionError,
        MissingKeyPropertiesError,
        RecordsWithoutSchemaException,
        StreamMapConfigError,
        UnicodeDecodeError,
    )


if __name__ == "__main__":
    main()
