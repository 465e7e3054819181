"""Where the events go: from the environment's URL to the ingest endpoint."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from .dynatrace_api.accounts import check_url
from .dynatrace_api.errors import SettingsError

CLASSIC_PATH = "/api/v2/bizevents/ingest"
PLATFORM_PATH = "/platform/classic/environment-api/v2/bizevents/ingest"

# abc12345.apps.dynatrace.com, also of the non-production stages (….dynatracelabs.com).
_PLATFORM_HOST = re.compile(r"\.apps\.dynatrace[a-z-]*\.com$")
_SAAS_HOST = re.compile(r"\.(live|apps)\.dynatrace[a-z-]*\.com$")


def ingest_url(environment_url: str) -> str:
    """Return the full URL of the ingest endpoint.

    Args:
        environment_url: the environment's own URL, an ActiveGate's URL with `/e/<id>`, or a URL
            that already ends in the ingest path.

    Raises:
        SettingsError: it is no complete URL, or says more than where the environment is.
    """
    url = check_url("environment_url", environment_url.strip())
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username is not None:
        # The endpoint turns query parameters into attributes of every event.
        message = (
            "The setting 'environment_url' has more than scheme, host and path. "
            "Write it as https://abc12345.live.dynatrace.com."
        )
        raise SettingsError(message)
    if parts.path.endswith((CLASSIC_PATH, PLATFORM_PATH)):
        return url
    host = parts.hostname or ""
    if _SAAS_HOST.search(host) and parts.path:
        message = (
            f"The setting 'environment_url' has the path '{parts.path}', which is not the ingest "
            f"endpoint's. Write it as {parts.scheme}://{parts.netloc}."
        )
        raise SettingsError(message)
    return url + (PLATFORM_PATH if _PLATFORM_HOST.search(host) else CLASSIC_PATH)


def is_platform(url: str) -> bool:
    """Tell whether the ingest URL is the platform's, which takes no classic access token."""
    return urlsplit(url).path.endswith(PLATFORM_PATH)
