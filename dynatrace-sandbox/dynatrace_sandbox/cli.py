"""The command line: serve the sandbox, or run a command against one."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click
import msgspec
from typing_extensions import override

from dynatrace_sandbox.page.route import write_page
from dynatrace_sandbox.plugin_settings import environment_variables
from dynatrace_sandbox.report import arrival_lines
from dynatrace_sandbox.sandbox import Options, Sandbox, SandboxUsageError
from dynatrace_sandbox.server import PortError, ServerStartError, ServerThread, bind, serve, url_of
from dynatrace_sandbox.store import DataDirectoryError
from dynatrace_sandbox.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


F = TypeVar("F", bound="Callable[..., Any]")
NOTICE: Final = (
    "dynatrace-sandbox is a development tool. It is not Dynatrace and is not made by Dynatrace."
)
COMMAND_NOT_FOUND: Final = 127
COMMAND_NOT_EXECUTABLE: Final = 126
SIGNAL_BASE: Final = 128
"""Exit codes as shells use them."""


class _Day(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "day"

    @override
    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC).date()
        except ValueError:
            self.fail(f"{value!r} is not a day like 2026-03-01", param, ctx)


OPTIONS: Final[list[Callable[[Any], Any]]] = [
    click.option("--seed", type=int, help="Seed of the customer."),
    click.option("--today", type=_Day(), help="Present day, YYYY-MM-DD; the real one by default."),
    click.option("--days", type=click.IntRange(1, 3650), help="Days of history (300)."),
    click.option("--environments", type=click.IntRange(3, 3000), help="Environments (8)."),
    click.option("--capabilities", type=click.IntRange(3, 31), help="Capabilities (10)."),
    click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        help="Directory that keeps clock, changes and events; in memory by default.",
    ),
    click.option(
        "--v3-paging",
        type=click.Choice(["live", "documented", "key-alone-only"]),
        default="live",
        show_default=True,
        help="What must stand beside a page key of version 3.",
    ),
    click.option(
        "--last-page-key",
        type=click.Choice(["null", "empty", "missing"]),
        default="null",
        show_default=True,
        help="nextPageKey of the last page.",
    ),
    click.option(
        "--end-time",
        type=click.Choice(["exclusive", "inclusive"]),
        default="exclusive",
        show_default=True,
        help="Whether endTime belongs to the period.",
    ),
    click.option(
        "--v2-environments",
        type=click.Choice(["deprecated", "gone"]),
        default="deprecated",
        show_default=True,
        help="The old endpoints by environment.",
    ),
    click.option(
        "--gzip",
        type=click.Choice(["accept", "refuse"]),
        default="accept",
        show_default=True,
        help="Compressed business events.",
    ),
    click.option(
        "--token-lifetime",
        type=click.FloatRange(0, 3600),
        default=300.0,
        show_default=True,
        help="Seconds until an access token expires.",
    ),
    click.option(
        "--latency",
        type=click.FloatRange(0, 3600),
        default=0.0,
        show_default=True,
        help="Seconds that every answer takes longer.",
    ),
    click.option(
        "--rows-per-entry",
        type=click.IntRange(1, 10_000),
        default=20,
        show_default=True,
        help="Rows at most in one entry of a version 3 page.",
    ),
]


def _sandbox_options(command: F) -> F:
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def _open(values: dict[str, Any]) -> Sandbox:
    """Make the sandbox, or end with one sentence."""
    own = ("data", "seed", "today", "days", "environments", "capabilities")
    options = Options(
        **{name: values.pop(name) for name in own},
        switches=msgspec.convert(values, Switches),
    )
    try:
        return Sandbox(options)
    except (SandboxUsageError, DataDirectoryError) as error:
        raise click.ClickException(str(error)) from error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dynatrace-sandbox")
def main() -> None:
    """A local stand-in for the Dynatrace services the DPS plugins talk to.

    A development tool: it is not Dynatrace and is not made by Dynatrace.
    """


@main.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@_sandbox_options
def serve_command(host: str, port: int, **values: Any) -> None:  # noqa: ANN401 - click's options
    """Serve until Ctrl+C."""
    sandbox = _open(values)
    try:
        listener = bind(host, port)
    except PortError as error:
        sandbox.close()
        reason = f"{error}; choose another --port"
        raise click.ClickException(reason) from error
    click.echo(NOTICE, err=True)
    url = url_of(listener)
    click.echo(f"Serving on {url}; its present day is {sandbox.today}.", err=True)
    click.echo(f"Credentials to try it with: {url}/sandbox/accounts", err=True)
    try:
        serve(sandbox, listener)
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        sandbox.close()


def _run(command: tuple[str, ...], environment: dict[str, str]) -> int:
    """Run the command, pass SIGTERM on, and return its exit code as a shell would."""
    try:
        child = subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603 - the user's own command
    except FileNotFoundError as error:
        _missing(command[0], "was not found", COMMAND_NOT_FOUND, error)
    except OSError as error:
        words = f"cannot be run: {error.strerror}"
        _missing(command[0], words, COMMAND_NOT_EXECUTABLE, error)

    def pass_on(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    # Ctrl+C reaches the command by itself, for it is in the same process group.
    previous = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, pass_on),
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
    }
    try:
        code = child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return code if code >= 0 else SIGNAL_BASE - code


def _missing(name: str, words: str, code: int, cause: OSError) -> NoReturn:
    click.echo(f"Error: the command {name} {words}", err=True)
    raise click.exceptions.Exit(code) from cause


def _write_page(sandbox: Sandbox, page: Path) -> None:
    try:
        write_page(sandbox, page)
    except OSError as error:
        reason = f"cannot write the page to {page}: {error.strerror}; name another --page file"
        raise click.ClickException(reason) from error
    click.echo(f"The page to look at: {page.resolve().as_uri()}")


@main.command("exec", context_settings={"ignore_unknown_options": True})
@click.option(
    "--page",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="File that the page at / is written to at the end, complete in itself.",
)
@_sandbox_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
def exec_command(
    ctx: click.Context,
    /,
    command: tuple[str, ...],
    page: Path | None,
    **values: Any,  # noqa: ANN401 - click's options
) -> None:
    """Run COMMAND against a sandbox on a free port, and show what arrived.

    The command finds the settings of the tap and the targets in its environment. Put -- in
    front of it. The exit code is the command's.
    """
    sandbox = _open(values)
    try:
        server = ServerThread(sandbox, bind("127.0.0.1", 0))
    except (PortError, ServerStartError) as error:
        sandbox.close()
        raise click.ClickException(str(error)) from error
    click.echo(NOTICE, err=True)
    try:
        code = _run(command, environment_variables(server.url, sandbox.customer))
        click.echo("\n".join(["", *arrival_lines(sandbox)]))
        if page is not None:
            _write_page(sandbox, page)
    finally:
        server.stop()
        sandbox.close()
    ctx.exit(code)
