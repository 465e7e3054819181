"""Behaviour of the real service that is not settled, or differs by place, as switches."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class Switches(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """All switches with their defaults.

    Attributes:
        v3_paging: ``live``: a page key needs the whole first query beside it. ``documented``: it
            may also stand alone. ``key-alone-only``: nothing else may be beside it.
        last_page_key: What the last v3 page has for ``nextPageKey``: null, "" or no such field.
        end_time: Whether ``endTime`` (and ``to`` of cost allocation) belongs to the period.
        v2_environments: The deprecated endpoints answer with deprecation headers, or 410.
        gzip: Compressed ingest bodies are accepted, or answered with 415.
        settings_write_scope: The scope that changes cost centers and products.
        latency: Seconds that each answer takes longer.
        token_lifetime: Seconds until an access token expires.
        default_page_size: Entries of a v3 page where the query does not say.
        rows_per_entry: Rows at most in one entry of a v3 page.
    """

    v3_paging: Literal["live", "documented", "key-alone-only"] = "live"
    last_page_key: Literal["null", "empty", "missing"] = "null"
    end_time: Literal["exclusive", "inclusive"] = "exclusive"
    v2_environments: Literal["deprecated", "gone"] = "deprecated"
    gzip: Literal["accept", "refuse"] = "accept"
    settings_write_scope: Literal["account-uac-write", "account-uac-read"] = "account-uac-write"
    latency: Seconds = 0.0
    token_lifetime: Seconds = 300.0
    default_page_size: Annotated[int, msgspec.Meta(ge=1, le=50)] = 50
    rows_per_entry: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 20
