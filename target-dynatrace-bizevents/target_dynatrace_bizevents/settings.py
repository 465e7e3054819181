"""The settings of the target, as `--about` shows them."""

from __future__ import annotations

from singer_sdk import typing as th

from .dynatrace_api.oauth import DEFAULT_SSO_URL

DEFAULT_EVENT_PROVIDER = "dps4ma.ingester"
"""Provider of the events in Dynatrace's guide "Explore your DPS for Hybrid subscription"."""

DEFAULT_SCOPE = "storage:events:write"

MAX_REQUEST_BYTES = 5 * 1024 * 1024
"""Largest body the ingest endpoint takes (README of Dynatrace's own SDK, 9.0.1)."""

SMALLEST_BATCH_BYTES = 1000
"""No useful event is smaller than its own type, provider and id."""

SETTINGS = th.PropertiesList(
    th.Property(
        "environment_url",
        th.StringType,
        required=True,
        title="Environment URL",
        description=(
            "Where the events go: https://abc12345.live.dynatrace.com, "
            "https://abc12345.apps.dynatrace.com or an ActiveGate's https://host:9999/e/abc12345. "
            "The path of the ingest endpoint follows from it."
        ),
    ),
    th.Property(
        "client_id",
        th.StringType,
        title="Client ID",
        description="OAuth client, dt0s02.XXXXXXXX. Needs client_secret and account_uuid.",
    ),
    th.Property(
        "client_secret",
        th.StringType,
        secret=True,
        title="Client secret",
        description="Secret of the OAuth client.",
    ),
    th.Property(
        "account_uuid",
        th.StringType,
        title="Account UUID",
        description="Account of the OAuth client; its tokens are bound to it.",
    ),
    th.Property(
        "api_token",
        th.StringType,
        secret=True,
        title="API token",
        description=(
            "Classic access token, dt0c01.…, with the scope bizevents.ingest. Instead of OAuth; "
            "not for an apps.dynatrace.com URL."
        ),
    ),
    th.Property(
        "platform_token",
        th.StringType,
        secret=True,
        title="Platform token",
        description=(
            "Platform token, dt0s16.…, with the scope storage:events:write. Instead of OAuth; "
            "for an apps.dynatrace.com URL."
        ),
    ),
    th.Property(
        "sso_url",
        th.StringType,
        default=DEFAULT_SSO_URL,
        title="SSO URL",
        description="Token endpoint of the Dynatrace single sign-on.",
    ),
    th.Property(
        "scope",
        th.StringType,
        default=DEFAULT_SCOPE,
        title="Scope",
        description="What the OAuth token asks for; openpipeline:bizevents:ingest works too.",
    ),
    th.Property(
        "event_provider",
        th.StringType,
        default=DEFAULT_EVENT_PROVIDER,
        title="Event provider",
        description="The attribute event.provider of every event.",
    ),
    th.Property(
        "event_types",
        th.ObjectType(additional_properties=th.StringType),
        title="Event types",
        description='Other event types than the usual ones, by stream: {"orders": "shop.order"}.',
    ),
    th.Property(
        "event_type_prefix",
        th.StringType,
        default="singer",
        title="Event type prefix",
        description="A stream without a type of its own has the type <prefix>.<stream>.",
    ),
    th.Property(
        "max_batch_events",
        th.IntegerType(minimum=1),
        default=1000,
        title="Events per request",
        description="Most events in one request.",
    ),
    th.Property(
        "max_batch_bytes",
        th.IntegerType(minimum=SMALLEST_BATCH_BYTES, maximum=MAX_REQUEST_BYTES),
        default=1_000_000,
        title="Bytes per request",
        description=(
            "Most bytes in the body of one request, before compression; 5242880 at most. An event "
            "that does not fit goes to the dead letter."
        ),
    ),
    th.Property(
        "max_parallel_requests",
        th.IntegerType(minimum=1, maximum=64),
        default=4,
        title="Parallel requests",
        description="Most batches in flight.",
    ),
    th.Property(
        "compress",
        th.BooleanType,
        default=False,
        title="Compress",
        description="Send gzip bodies; switched off for the run if the server does not take them.",
    ),
    th.Property(
        "dead_letter_path",
        th.StringType,
        default="dead-letter.singer",
        title="Dead letter",
        description=(
            "File to which refused events are appended, with the reason. It is a Singer file: "
            "mend it and send it again with --input."
        ),
    ),
    th.Property(
        "max_rejected_events",
        th.IntegerType(minimum=-1),
        default=0,
        title="Refused events allowed",
        description=(
            "With more refused events than this the run ends with exit code 1, after everything "
            "else is delivered; -1 for never."
        ),
    ),
    th.Property(
        "request_timeout",
        th.DecimalType(exclusive_minimum=0),
        default=30,
        title="Request time-out",
        description="Seconds to wait for an answer.",
    ),
    th.Property(
        "max_retry_seconds",
        th.DecimalType(minimum=0),
        default=300,
        title="Retry limit",
        description="Seconds that one request is tried again, waits included.",
    ),
)
