"""What the benchmark server serves: a customer's cost by environment, capability and day."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal

ACCOUNT_UUID = "7d5a1c9e-1111-4222-8333-444455556666"

FIRST_DAY = date(2022, 1, 1)

ENTRIES_PER_PAGE = 50
"""The most that the API allows (answers 400 above it)."""

VARIANTS = 7
"""Pages with different figures; the days take them in turn, and differ in their dates."""

FIRST_ENVIRONMENT = 0xE0000
"""Environment ids count up from here, in letters and digits as those of Dynatrace SaaS."""


EXACT = Context(prec=100)
"""Sums of a benchmark's values need no rounding in so many digits."""


@dataclass(frozen=True)
class DataSet:
    """A subscription with one page of rows for each day.

    Attributes:
        uuid: the subscription's UUID.
        capabilities: how many each environment has, so a page holds 50 times as many rows.
        days: how many there are.
    """

    uuid: str
    capabilities: int
    days: int

    @property
    def rows_per_day(self) -> int:
        """Rows of a day, second bookings included."""
        return ENTRIES_PER_PAGE * self.capabilities

    @property
    def records_per_day(self) -> int:
        """Environments times capabilities: the last entry of a page has only second bookings."""
        return (ENTRIES_PER_PAGE - 1) * self.capabilities


LARGE = DataSet("11111111-aaaa-4bbb-8ccc-dddddddddddd", capabilities=40, days=1000)
"""2000 rows a page, two million in all: what takes time is the rows."""

SMALL = DataSet("22222222-aaaa-4bbb-8ccc-dddddddddddd", capabilities=1, days=744)
"""50 rows a page, two years: what takes time is the way there and back."""


def day_at(index: int) -> date:
    """Return the day with this number, from 0."""
    return FIRST_DAY + timedelta(days=index)


def index_of(text: str) -> int:
    """Return the number of the day in which a query's moment lies."""
    return (date.fromisoformat(text[:10]) - FIRST_DAY).days


class Pages:
    """The pages of a data set, all of them computed beforehand."""

    def __init__(self, data: DataSet, days: int) -> None:
        """Compute them.

        Args:
            data: the data set.
            days: only so many of its days.
        """
        source = random.Random(data.uuid)  # noqa: S311  (figures of a benchmark)
        templates = [_template(data, source) for _ in range(VARIANTS)]
        self._sums = [total for _, total in templates]
        self._bodies: list[bytes] = []
        for index in range(days):
            body = templates[index % VARIANTS][0]
            for offset, mark in enumerate((b"<day>", b"<next>")):
                body = body.replace(mark, day_at(index + offset).isoformat().encode())
            self._bodies.append(body)

    def page(self, index: int, end: int) -> bytes:
        """Return the page of a day in a chain that ends before the day `end`."""
        if not 0 <= index < len(self._bodies):
            return b'{"data":[],"lastModifiedTime":"2026-11-20T05:00:00.000Z"}'
        following = b"null" if index + 1 >= end else b'"day-%d"' % (index + 1)
        return self._bodies[index] + b',"nextPageKey":%b}' % following

    def total(self, days: int) -> Decimal:
        """Return the exact sum of all values of the first days."""
        total = Decimal(0)
        for index in range(days):
            total = EXACT.add(total, self._sums[index % VARIANTS])
        return total


def _template(data: DataSet, source: random.Random) -> tuple[bytes, Decimal]:
    """Return a page without its key, with marks for its dates, and the sum of its values."""
    total = Decimal(0)
    entries = []
    for number in range(ENTRIES_PER_PAGE):
        # The last entry brings second bookings of the first environment's capabilities.
        environment = number % (ENTRIES_PER_PAGE - 1)
        rows = []
        for capability in range(data.capabilities):
            value = f"{source.random() * 10 ** source.randint(0, 3):.{source.randint(2, 14)}f}"
            total = EXACT.add(total, Decimal(value))
            booked = f"<next>T{source.randint(4, 7):02}:{source.randint(0, 59):02}:00.000Z"
            rows.append(
                '{"startTime":"<day>T00:00:00.000Z","endTime":"<next>T00:00:00.000Z",'
                f'"value":{value},"currencyCode":"USD",'
                f'"capabilityKey":"CAPABILITY_MONITORING_{capability:02}",'
                f'"capabilityName":"Capability Monitoring {capability:02}",'
                f'"bookingDate":"{booked}"}}'
            )
        identifier = f"{FIRST_ENVIRONMENT + environment:x}-prod"
        entries.append(
            f'{{"environmentId":"{identifier}","clusterId":null,"cost":[{",".join(rows)}]}}'
        )
    body = f'{{"data":[{",".join(entries)}],"lastModifiedTime":"2026-11-20T05:00:00.000Z"'
    return body.encode(), total
