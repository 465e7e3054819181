"""The same rows in a bare loop: requests, orjson, a line for each row. Digits may change."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson
import requests


def main() -> None:
    """Read all pages; write a RECORD for each row, or nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("settings", help="JSON, as those of the plain SDK tap")
    parser.add_argument("--discard", action="store_true", help="only fetch the pages")
    arguments = parser.parse_args()
    settings = orjson.loads(arguments.settings)
    account, subscription = settings["account_uuid"], settings["subscription_uuid"]
    url = (
        f"{settings['api_url']}/sub/v3/accounts/{account}/subscriptions/{subscription}"
        "/environments/cost"
    )
    query: dict[str, Any] = {
        "startTime": settings["start_date"],
        "endTime": settings["end_date"],
        "page-size": 50,
    }
    session = requests.Session()
    session.headers["Authorization"] = "Bearer benchmark"
    write = sys.stdout.buffer.write
    common = {"accountUuid": account, "subscriptionUuid": subscription}
    while True:
        content = session.get(url, params=query, timeout=60).content
        if arguments.discard:
            # The key stands at the end of the page.
            page = orjson.loads(b"{" + content[content.rindex(b'"nextPageKey"') :])
        else:
            page = orjson.loads(content)
            for entry in page["data"]:
                shared = {
                    **common,
                    "clusterId": entry["clusterId"],
                    "environmentId": entry["environmentId"],
                }
                for row in entry["cost"]:
                    message = {
                        "type": "RECORD",
                        "stream": "environment_cost",
                        "record": {**shared, **row},
                    }
                    write(orjson.dumps(message, option=orjson.OPT_APPEND_NEWLINE))
        if not page["nextPageKey"]:
            return
        query["page-key"] = page["nextPageKey"]


if __name__ == "__main__":
    main()
