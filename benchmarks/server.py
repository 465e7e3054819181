"""A server with answers computed beforehand, so that it is never what one waits for.

It knows the token endpoint, the list of subscriptions, cost by environment (v3) and the ingest of
business events, and nothing of what can go wrong. Each port answers with its own delay.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial
from urllib.parse import parse_qs, urlsplit

import msgspec
from typing_extensions import override

from .data import ACCOUNT_UUID, LARGE, SMALL, DataSet, Pages, day_at, index_of

_END_OF_HEAD = b"\r\n\r\n"


class Answers:
    """The body of each answer."""

    def __init__(self, large_days: int) -> None:
        """Compute all pages.

        Args:
            large_days: days of the large data set.
        """
        self._pages = {
            LARGE.uuid: Pages(LARGE, large_days),
            SMALL.uuid: Pages(SMALL, SMALL.days),
        }
        self._token = msgspec.json.encode({"access_token": "benchmark", "expires_in": 300})
        self._subscriptions = msgspec.json.encode(
            {"data": [_subscription(LARGE, large_days), _subscription(SMALL, SMALL.days)]}
        )

    def get(self, target: str) -> bytes:
        """Return the body of the answer to a GET."""
        url = urlsplit(target)
        if not url.path.endswith("/environments/cost"):
            return self._subscriptions
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        pages = self._pages[url.path.split("/")[-3]]
        end = index_of(query["endTime"])
        if not query["endTime"][10:].startswith("T00:00:00"):
            end += 1
        key = query.get("page-key")
        start = int(key.removeprefix("day-")) if key else index_of(query["startTime"])
        return pages.page(start, end)

    def post(self, target: str) -> tuple[bytes, bytes]:
        """Return the status and the body of the answer to a POST."""
        return (b"200 OK", self._token) if "oauth2" in target else (b"202 Accepted", b"")


def _subscription(data: DataSet, days: int) -> dict[str, str]:
    return {
        "uuid": data.uuid,
        "name": "Benchmark",
        "type": "REGULAR",
        "status": "ACTIVE",
        "startTime": day_at(0).isoformat(),
        "endTime": day_at(days - 1).isoformat(),
    }


class Connection(asyncio.Protocol):
    """One client; requests come one after another, as those of `requests` do."""

    def __init__(self, answers: Answers, delay_seconds: float) -> None:
        """Wait for the first request."""
        self._answers = answers
        self._delay = delay_seconds
        self._head = b""
        self._missing = 0
        self._transport: asyncio.Transport

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            head, found, body = self._head.partition(_END_OF_HEAD)
            if not found:
                return
            self._head = head
            self._missing = _length(head) - len(body)
        if self._missing <= 0:
            answer = self._answer()
            self._head, self._missing = b"", 0
            if self._delay:
                asyncio.get_running_loop().call_later(
                    self._delay, self._transport.writelines, answer
                )
            else:
                self._transport.writelines(answer)

    def _answer(self) -> tuple[bytes, bytes]:
        method, target, _ = self._head.split(b" ", 2)
        status, body = b"200 OK", b""
        if method == b"GET":
            body = self._answers.get(target.decode())
        else:
            status, body = self._answers.post(target.decode())
        head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        return head % (status, len(body)), body


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


async def serve(answers: Answers, delays_seconds: list[float]) -> None:
    """Serve until the standard input ends; print the ports, one for each delay."""
    loop = asyncio.get_running_loop()
    ports = []
    for delay in delays_seconds:
        server = await loop.create_server(partial(Connection, answers, delay), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    print(*ports, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    """Run the server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=LARGE.days)
    parser.add_argument("--delays", type=float, nargs="+", default=[0.0, 0.05])
    arguments = parser.parse_args()
    asyncio.run(serve(Answers(arguments.days), arguments.delays))


if __name__ == "__main__":
    print(f"Account {ACCOUNT_UUID}", file=sys.stderr)
    main()
