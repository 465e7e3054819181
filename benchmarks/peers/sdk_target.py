"""The same events with the Singer SDK as its template has it: a BatchSink with one POST a batch."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import requests
from singer_sdk import BatchSink, Target
from singer_sdk import typing as th
from typing_extensions import override


class EventSink(BatchSink):
    """Sends a batch of records as events."""

    max_size = 1000

    @override
    def setup(self) -> None:
        self.session = requests.Session()

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        events = [
            {"event.type": self.stream_name, "event.provider": "sdk", **record}
            for record in context["records"]
        ]
        response = self.session.post(
            self.config["url"],
            data=json.dumps(events, default=str),
            headers={"Content-Type": "application/json", "Authorization": "Bearer benchmark"},
            timeout=30,
        )
        response.raise_for_status()


class SdkTarget(Target):
    """A target with one sink."""

    name = "target-sdk"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("url", th.StringType, required=True),
    ).to_dict()
    default_sink_class = EventSink


if __name__ == "__main__":
    SdkTarget.cli()
