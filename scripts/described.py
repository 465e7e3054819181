"""The plugins of this project, with what their `--about` does not say."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from importlib.metadata import metadata
from typing import Any

from click.testing import CliRunner


@dataclass(frozen=True)
class Plugin:
    """What `--about` does not say about a plugin.

    Attributes:
        name: the plugin's and its package's name.
        class_path: module and class.
        kind: `extractors` or `loaders`.
        label: the name a person reads.
        groups: the combinations of settings that are complete, for Meltano.
        usage: next steps after the installation, for the Hub's page.
        select: what is read where the user does not say; Meltano overrules the tap's own choice.
    """

    name: str
    class_path: str
    kind: str
    label: str
    groups: tuple[tuple[str, ...], ...]
    usage: str
    select: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        """The plugin's namespace in Meltano, and its package."""
        return self.name.replace("-", "_")

    @property
    def env_prefix(self) -> str:
        """What the names of its environment variables begin with."""
        return f"{self.namespace.upper()}_"

    @property
    def selection(self) -> dict[str, list[str]]:
        """The entry `select` of a definition, for a tap."""
        return {"select": list(self.select)} if self.select else {}

    @property
    def description(self) -> str:
        """The package's one-line summary."""
        return str(metadata(self.name)["Summary"])

    def about(self) -> dict[str, Any]:
        """Return what `--about --format=json` prints."""
        module, name = self.class_path.split(":")
        command = getattr(importlib.import_module(module), name).cli
        result = CliRunner().invoke(command, ["--about", "--format=json"], catch_exceptions=False)
        about: dict[str, Any] = json.loads(result.stdout)
        return about


_ACCOUNT_GROUPS = (("accounts",), ("account_uuid", "client_id", "client_secret"))

PLUGINS = (
    Plugin(
        name="tap-dynatrace-dps",
        class_path="tap_dynatrace_dps.tap:TapDynatraceDPS",
        kind="extractors",
        label="Dynatrace Platform Subscription",
        groups=_ACCOUNT_GROUPS,
        usage=(
            "Create an OAuth client with the scope `account-uac-read` in Account Management, set "
            "`account_uuid`, `client_id` and `client_secret` (or list several accounts in "
            "`accounts`), then run `meltano config test tap-dynatrace-dps`."
        ),
        # The names of the environments need a scope that the client may not have.
        select=("*.*", "!environments.*"),
    ),
    Plugin(
        name="target-dynatrace-bizevents",
        class_path="target_dynatrace_bizevents.target:TargetDynatraceBizevents",
        kind="loaders",
        label="Dynatrace Business Events",
        groups=(
            ("environment_url", "client_id", "client_secret", "account_uuid"),
            ("environment_url", "api_token"),
            ("environment_url", "platform_token"),
        ),
        usage=(
            "Set `environment_url` and one kind of credentials: an OAuth client with the scope "
            "`storage:events:write`, an API token with `bizevents.ingest`, or a platform token."
        ),
    ),
    Plugin(
        name="target-dynatrace-dps",
        class_path="target_dynatrace_dps.target:TargetDynatraceDPS",
        kind="loaders",
        label="Dynatrace cost centers and products",
        groups=_ACCOUNT_GROUPS,
        usage=(
            "Create an OAuth client with the scopes `account-uac-read` and `account-uac-write`, "
            "set the account, and run once with `dry_run: true` to see what would change."
        ),
    ),
)
