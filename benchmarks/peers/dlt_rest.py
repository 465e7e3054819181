"""The same rows with dlt's rest_api source: into nothing, or into jsonl files."""

from __future__ import annotations

import argparse
import json
import tempfile
from typing import TYPE_CHECKING, Any

import dlt
from dlt.sources.rest_api import rest_api_resources

if TYPE_CHECKING:
    from collections.abc import Iterator


def rows(entry: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of an entry of a page."""
    for row in entry["cost"]:
        yield {
            "clusterId": entry["clusterId"],
            "environmentId": entry["environmentId"],
            **row,
        }


def main() -> None:
    """Read all pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", help="JSON, as those of the plain SDK tap")
    parser.add_argument("--to", choices=("nothing", "jsonl"), required=True)
    arguments = parser.parse_args()
    settings = json.loads(arguments.settings)
    (resource,) = rest_api_resources(
        {
            "client": {
                "base_url": settings["api_url"],
                "auth": {"type": "bearer", "token": "benchmark"},
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "nextPageKey",
                    "cursor_param": "page-key",
                },
            },
            "resources": [
                {
                    "name": "environment_cost",
                    "endpoint": {
                        "path": (
                            f"sub/v3/accounts/{settings['account_uuid']}/subscriptions/"
                            f"{settings['subscription_uuid']}/environments/cost"
                        ),
                        "params": {
                            "startTime": settings["start_date"],
                            "endTime": settings["end_date"],
                            "page-size": 50,
                        },
                        "data_selector": "data",
                    },
                }
            ],
        }
    )
    resource.add_yield_map(rows)
    if arguments.to == "nothing":
        print(sum(1 for _ in resource))
        return
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "benchmark",
            pipelines_dir=f"{folder}/state",
            destination=dlt.destinations.filesystem(f"{folder}/data"),
            dataset_name="dps",
        )
        pipeline.run(resource, loader_file_format="jsonl")


if __name__ == "__main__":
    main()
