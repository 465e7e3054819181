"""The two cost-allocation fields that this target keeps."""

from __future__ import annotations

from dataclasses import dataclass

MAX_VALUES = 250
"""Allowed values of a field in one account, at most (documentation: manage cost allocation)."""


@dataclass(frozen=True)
class Field:
    """A field with a list of allowed values.

    Attributes:
        stream: the Singer stream that feeds it.
        segment: its name in the URL path.
        one: what to call one value in a message.
        many: what to call several.
    """

    stream: str
    segment: str
    one: str
    many: str

    def count(self, number: int) -> str:
        """Say how many values, for example `3 cost centers`."""
        return f"{number} {self.one if number == 1 else self.many}"


COST_CENTERS = Field("cost_centers", "costcenters", "cost center", "cost centers")
PRODUCTS = Field("products", "products", "product", "products")

FIELDS = {field.stream: field for field in (COST_CENTERS, PRODUCTS)}
"""By the name of the stream."""
