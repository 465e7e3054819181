"""Reading Singer messages, with plain sentences for lines that are none."""

from __future__ import annotations

import json
from typing import Any

from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.io_base import SingerMessageType, SingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

_NEED_SCHEMA = frozenset({SingerMessageType.ACTIVATE_VERSION, SingerMessageType.BATCH})
"""Messages about a stream for which the SDK itself does not look for an earlier schema."""


class PlainReader(SingerReader):
    """Refuses what is no message; the SDK shows a traceback, and the line with its content."""

    def __init__(self) -> None:
        """Start before the first line."""
        super().__init__()
        self._line = 0
        self._streams: set[str] = set()

    @override
    def deserialize_json(self, line: str) -> dict[str, Any]:
        self._line += 1
        here = f"Line {self._line} of the input"
        try:
            message = json.loads(line)
        except ValueError as error:
            text = f"{here} is not JSON: {error}. Is it the output of a Singer tap?"
            raise InvalidInputLine(text) from error
        kind = message.get("type") if isinstance(message, dict) else None
        if kind not in list(SingerMessageType):
            text = f"{here} is not a Singer message. Is it the output of a Singer tap?"
            raise InvalidInputLine(text)
        stream = str(message.get("stream"))
        if kind == SingerMessageType.SCHEMA:
            self._streams.add(stream)
        elif kind in _NEED_SCHEMA and stream not in self._streams:
            text = f"{here} is about the stream '{stream}', which no SCHEMA message has announced."
            raise RecordsWithoutSchemaException(text)
        return dict(message)
