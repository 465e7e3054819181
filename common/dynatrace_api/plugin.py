"""Command line of the plugins: a user's mistake is one sentence, never a traceback."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator
from singer_sdk.plugin_base import PluginBase
from typing_extensions import override

from .errors import DynatraceError, SettingsError, redact

if TYPE_CHECKING:
    from jsonschema import ValidationError

_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}
_JSON_TYPES = ("array", "object", "integer", "number", "boolean")


class PlainErrors(PluginBase):
    """Mixin for taps and targets: messages about settings never show their values.

    The SDK's own messages quote the offending value, which may be a list of client secrets.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (passed on)
        """Check the environment's values first, then let the SDK read them."""
        if kwargs.get("parse_env_config"):
            self._check_environment()
        super().__init__(*args, **kwargs)

    @classmethod
    def _check_environment(cls) -> None:
        prefix = f"{cls.name.upper().replace('-', '_')}_"
        for setting, schema in cls.config_jsonschema["properties"].items():
            variable = prefix + setting.upper()
            types = schema.get("type", [])
            types = [types] if isinstance(types, str) else types
            wanted = next((kind for kind in _JSON_TYPES if kind in types), None)
            text = os.environ.get(variable)
            if text is None or wanted in {None, "boolean"}:
                continue
            try:
                json.loads(text)
            except ValueError as error:
                message = (
                    f"The setting '{setting}' (environment variable {variable}) should be "
                    f"{_article(str(wanted))} in JSON; it cannot be read."
                )
                raise SettingsError(message) from error

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # The SDK's pass fills in the defaults; ours writes the messages.
        if not super()._validate_config(raise_errors=False):
            return []
        validator = Draft202012Validator(self.config_jsonschema)
        errors = [describe(error) for error in validator.iter_errors(self._config)]
        if raise_errors:
            raise SettingsError(" ".join(errors))
        return errors


def describe(error: ValidationError) -> str:
    """Say which setting is wrong and what is expected, without its value."""
    path = ""
    for part in error.absolute_path:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    setting = f"The setting '{path}'" if path else "The configuration"
    return f"{setting} {_complaint(str(error.validator), error.validator_value, error)}."


def _complaint(rule: str, expected: Any, error: ValidationError) -> str:  # noqa: ANN401
    if rule == "type":
        names = [expected] if isinstance(expected, str) else expected
        text = f"should be {_article(next(name for name in names if name != 'null'))}"
    elif rule == "required":
        missing = [name for name in expected if name not in cast("dict[str, Any]", error.instance)]
        text = f"lacks {', '.join(missing)}"
    elif rule in _BOUNDS:
        text = f"should be {_BOUNDS[rule]} {expected}, not {error.instance}"
    elif rule == "enum":
        text = f"should be one of {', '.join(map(str, expected))}"
    elif rule == "additionalProperties":
        text = "has entries that are not known"
    else:
        text = f"breaks the rule '{rule}' of its definition"
    return text


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def run(plugin: type[PluginBase], *mistakes: type[Exception]) -> None:
    """Run the plugin's command line; end with one sentence and exit code 1 where it fails.

    Args:
        plugin: the tap or target.
        mistakes: further exceptions that say enough without a traceback.
    """
    try:
        plugin.cli()
    except SettingsError as error:
        variable = f"{plugin.name.upper().replace('-', '_')}_<SETTING>"
        where = f"Settings go into the --config file, or with Meltano into .env as {variable}."
        _end(plugin, f"{error} {where}")
    except DynatraceError as error:
        _end(plugin, str(error))
    except BrokenPipeError:
        # Nobody reads any more; writing the rest at exit would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _end(plugin, "The reader of the output has gone away.")
    except OSError as error:
        _end(plugin, f"{error.strerror}: {error.filename}." if error.filename else str(error))
    except mistakes as error:
        _end(plugin, str(error))
    except ValueError as error:
        # The SDK reads files with simplejson, whose error is not the one of the standard library.
        if type(error).__name__ != "JSONDecodeError":
            raise
        _end(plugin, f"A file given on the command line is not JSON: {error}.")


def _end(plugin: type[PluginBase], sentence: str) -> None:
    plugin.logger.error(redact(" ".join(sentence.split())))
    sys.exit(1)
