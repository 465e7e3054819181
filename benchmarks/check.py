"""Checks what the tap wrote: every record once, and the exact sum."""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path

import msgspec

from .data import EXACT, LARGE, Pages

_RECORD = b'{"type":"RECORD"'


def main() -> None:
    """Check a file of Singer messages.

    Raises:
        SystemExit: it is not what the server has.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("days", type=int, help="days of the large data set")
    arguments = parser.parse_args()
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    keys: set[tuple[str, str, str]] = set()
    count, total = 0, Decimal(0)
    with arguments.source.open("rb") as lines:
        for line in lines:
            if line.startswith(_RECORD):
                record = decoder.decode(line)["record"]
                keys.add((record["environmentId"], record["capabilityKey"], record["startTime"]))
                count += 1
                total = EXACT.add(total, record["value"])
    expected = Pages(LARGE, 0).total(arguments.days)
    records = arguments.days * LARGE.records_per_day
    if not count == len(keys) == records or total != expected:
        message = (
            f"The tap wrote {count} records with {len(keys)} keys and the sum {total}; it should "
            f"be {records} with the sum {expected}."
        )
        raise SystemExit(message)


if __name__ == "__main__":
    main()
