"""The settings of the tap; every description of them is generated from here."""

from __future__ import annotations

from singer_sdk import typing as th

from .dynatrace_api.accounts import ACCOUNT_SETTINGS, URL_SETTINGS
from .sessions import DEFAULT_SCOPE

MAX_PAGE_SIZE = 50
"""Entries per page; the v3 endpoints answer 400 above it (seen live)."""

SETTINGS = th.PropertiesList(
    *ACCOUNT_SETTINGS,
    th.Property(
        "subscription_uuids",
        th.ArrayType(th.StringType),
        title="Subscription UUIDs",
        description="Only these subscriptions; all where it is not set.",
    ),
    th.Property(
        "environment_ids",
        th.ArrayType(th.StringType),
        title="Environment IDs",
        description="Only cost and usage of these environments.",
    ),
    th.Property(
        "capability_keys",
        th.ArrayType(th.StringType),
        title="Capability keys",
        description="Only cost and usage of these capabilities, such as FULLSTACK_MONITORING.",
    ),
    th.Property(
        "cluster_ids",
        th.ArrayType(th.StringType),
        title="Cluster IDs",
        description="Only cost and usage of these Managed clusters.",
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "First day of the charge period to read on a first or full run; the start of the "
            "subscription where it is not set."
        ),
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description="End of the charge period to read, exclusive; now where it is not set.",
    ),
    th.Property(
        "lookback_days",
        th.IntegerType(minimum=0, maximum=366),
        default=10,
        title="Lookback days",
        description=(
            "Days before the bookmark that are read again for late bookings; days that did "
            "not change are not sent again."
        ),
    ),
    th.Property(
        "window_days",
        th.IntegerType(minimum=1, maximum=366),
        default=31,
        title="Window days",
        description=(
            "Most days that one chain of page requests covers; fewer where a day has many records."
        ),
    ),
    th.Property(
        "page_size",
        th.IntegerType(minimum=1, maximum=MAX_PAGE_SIZE),
        default=MAX_PAGE_SIZE,
        title="Page size",
        description="Entries per page, 50 at most.",
    ),
    th.Property(
        "max_parallel_requests",
        th.IntegerType(minimum=1, maximum=64),
        default=4,
        title="Maximum parallel requests",
        description="Chains of page requests in flight per account.",
    ),
    th.Property(
        "on_account_error",
        th.StringType,
        allowed_values=["fail", "skip"],
        default="fail",
        title="On account error",
        description=(
            "Whether a failed account fails the run after all others have finished, or is "
            "only warned of."
        ),
    ),
    *URL_SETTINGS,
    th.Property(
        "scope",
        th.StringType,
        default=DEFAULT_SCOPE,
        title="Scope",
        description="Scope that the tokens ask for.",
    ),
    th.Property(
        "request_timeout",
        th.IntegerType(minimum=1),
        default=60,
        title="Request timeout",
        description="Seconds to wait for an answer.",
    ),
)
