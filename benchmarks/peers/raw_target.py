"""The same events in a bare loop: a line, orjson, a POST for 1000. No checks, no states."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson
import requests

EVENTS_PER_REQUEST = 1000


def main() -> None:
    """Send an event for each RECORD of the standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the ingest endpoint")
    parser.add_argument("--discard", action="store_true", help="send the lines as they are")
    arguments = parser.parse_args()
    session = requests.Session()
    session.headers["Authorization"] = "Bearer benchmark"
    session.headers["Content-Type"] = "application/json"

    def post(body: bytes) -> None:
        session.post(arguments.url, data=body, timeout=30).raise_for_status()

    if arguments.discard:
        lines: list[bytes] = []
        for line in sys.stdin.buffer:
            lines.append(line)
            if len(lines) == EVENTS_PER_REQUEST:
                post(b"".join(lines))
                lines = []
        return
    events: list[dict[str, Any]] = []
    for line in sys.stdin.buffer:
        message = orjson.loads(line)
        if message["type"] != "RECORD":
            continue
        events.append(
            {"event.type": message["stream"], "event.provider": "raw", **message["record"]}
        )
        if len(events) == EVENTS_PER_REQUEST:
            post(orjson.dumps(events))
            events = []
    if events:
        post(orjson.dumps(events))


if __name__ == "__main__":
    main()
