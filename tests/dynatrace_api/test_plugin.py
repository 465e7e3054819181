"""The command line: a mistake in a setting is a sentence that never shows the value."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from target_dynatrace_dps.dynatrace_api.errors import SettingsError
from target_dynatrace_dps.target import TargetDynatraceDPS

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "SECRETSECRET"
ACCOUNT = {"uuid": "u-1", "client_id": "dt0s02.CLIENT", "client_secret": f"dt0s02.CLIENT.{SECRET}"}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        pytest.param(
            {"accounts": f"[{SECRET}"}, "The setting 'accounts' should be an array.", id="type"
        ),
        pytest.param(
            {"accounts": [{**ACCOUNT, "client_secret": [SECRET]}]},
            "The setting 'accounts[0].client_secret' should be a string.",
            id="type-inside",
        ),
        pytest.param(
            {"accounts": [{"uuid": "u", "client_secret": SECRET}]},
            "The setting 'accounts[0]' lacks client_id.",
            id="required",
        ),
        pytest.param(
            {"accounts": [{**ACCOUNT, "secret": SECRET}]},
            "The setting 'accounts[0]' has entries that are not known.",
            id="unknown-entry",
        ),
        pytest.param(
            {"accounts": [ACCOUNT], "load_method": SECRET},
            "The setting 'load_method' should be one of append-only, upsert, overwrite.",
            id="enum",
        ),
        pytest.param(
            {"accounts": [ACCOUNT], "request_timeout": 0},
            "The setting 'request_timeout' should be at least 1, not 0.",
            id="bound",
        ),
    ],
)
def test_wrong_setting_is_named_without_its_value(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        TargetDynatraceDPS(config=config)

    assert str(caught.value) == sentence


def test_unreadable_environment_variable_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TARGET_DYNATRACE_DPS_ACCOUNTS", f"[{{{SECRET}")

    with pytest.raises(SettingsError) as caught:
        TargetDynatraceDPS(config={}, parse_env_config=True)

    assert str(caught.value) == (
        "The setting 'accounts' (environment variable TARGET_DYNATRACE_DPS_ACCOUNTS) should be an "
        "array in JSON; it cannot be read."
    )


def test_environment_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_DYNATRACE_DPS_ACCOUNTS", json.dumps([ACCOUNT]))
    monkeypatch.setenv("TARGET_DYNATRACE_DPS_REQUEST_TIMEOUT", "25")
    monkeypatch.setenv("TARGET_DYNATRACE_DPS_DRY_RUN", "true")

    target = TargetDynatraceDPS(config={}, parse_env_config=True)

    assert target.config["accounts"] == [ACCOUNT]
    assert target.config["request_timeout"] == 25
    assert target.config["dry_run"] is True


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("{}", "No account is configured.", id="no-account"),
        pytest.param('{"accounts": 7}', "The setting 'accounts' should be an array.", id="type"),
        pytest.param("{", "is not JSON", id="no-json"),
        pytest.param(None, "config.json", id="no-file"),
    ],
)
def test_command_ends_with_one_sentence_and_no_traceback(
    tmp_path: Path,
    content: str | None,
    sentence: str,
) -> None:
    config = tmp_path / "config.json"
    if content is not None:
        config.write_text(content)

    ended = subprocess.run(  # noqa: S603  (our own command)
        [sys.executable, "-m", "target_dynatrace_dps", "--config", str(config)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )

    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert ("TARGET_DYNATRACE_DPS_<SETTING>" in ended.stderr) == (
        content in {"{}", '{"accounts": 7}'}
    )
    assert "Traceback" not in ended.stderr
    assert not ended.stdout
