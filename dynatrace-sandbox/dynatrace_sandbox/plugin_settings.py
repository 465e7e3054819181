"""Settings and environment variables that point the plugins to a sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from dynatrace_sandbox.customer import Customer

SSO_PATH: Final = "/sso/oauth2/token"

ONE_ACCOUNT: Final = ("account_uuid", "account_name", "client_id", "client_secret")
OTHER_CREDENTIALS: Final = {
    "TAP_DYNATRACE_DPS": ONE_ACCOUNT,
    "TARGET_DYNATRACE_DPS": ONE_ACCOUNT,
    "TARGET_DYNATRACE_BIZEVENTS": ("api_token", "platform_token"),
}
"""Credentials in another form than the sandbox's. Set to nothing, they hide what a ``.env`` file
for a real account holds, which would contradict the sandbox's."""


def account_settings(url: str, customer: Customer) -> dict[str, Any]:
    """Make the settings that the tap and the cost-allocation target share.

    Args:
        url: Base URL of the sandbox.
        customer: Whose credentials.

    Returns:
        Settings with all accounts.
    """
    return {
        "accounts": [
            {
                "uuid": account.uuid,
                "name": account.name,
                "client_id": account.client_id,
                "client_secret": account.client_secret,
            }
            for account in customer.accounts
        ],
        "api_url": url,
        "sso_url": url + SSO_PATH,
    }


def ingest_settings(url: str, customer: Customer) -> dict[str, Any]:
    """Make the settings of the business-events target.

    Args:
        url: Base URL of the sandbox.
        customer: Whose credentials.

    Returns:
        Settings with OAuth.
    """
    return {
        "environment_url": url,
        "client_id": customer.ingest_client_id,
        "client_secret": customer.ingest_client_secret,
        "account_uuid": customer.accounts[0].uuid,
        "sso_url": url + SSO_PATH,
    }


def environment_variables(url: str, customer: Customer) -> dict[str, str]:
    """Spell all settings as the plugins read them from the environment.

    Args:
        url: Base URL of the sandbox.
        customer: Whose credentials.

    Returns:
        Names and values; a list is JSON.
    """
    shared = account_settings(url, customer)
    plugins = {
        "TAP_DYNATRACE_DPS": shared,
        "TARGET_DYNATRACE_DPS": shared,
        "TARGET_DYNATRACE_BIZEVENTS": ingest_settings(url, customer),
    }
    made = {"DYNATRACE_SANDBOX_URL": url}
    for plugin, settings in plugins.items():
        for name, value in settings.items():
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            made[f"{plugin}_{name.upper()}"] = text
        for name in OTHER_CREDENTIALS[plugin]:
            made[f"{plugin}_{name.upper()}"] = ""
    return made
