"""uvicorn in a thread or in the foreground, on a socket that is bound beforehand."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Final

import uvicorn
from typing_extensions import override

from dynatrace_sandbox.app import build_app
from dynatrace_sandbox.gate import GateProtocol

if TYPE_CHECKING:
    from dynatrace_sandbox.sandbox import Sandbox

START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 2
"""Requests still running get this long when the server stops."""
KEEP_ALIVE_SECONDS: Final = 75
"""Idle connections stay open this long, as with a usual front end."""
BACKLOG: Final = 512


class PortError(Exception):
    """The address cannot be bound; the text says why."""


class ServerStartError(Exception):
    """The server thread ended before it served."""


def bind(host: str, port: int) -> socket.socket:
    """Bind the listening socket.

    Args:
        host: Address.
        port: Port, 0 for a free one.

    Returns:
        The socket.

    Raises:
        PortError: If the port is in use or the address is not ours.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Inherited by each connection: an answer's head and body do not wait 40 ms for each other.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
        # Listening right here makes a second sandbox on the port fail before it says it is up.
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = f"cannot listen on {host} port {port}: {error.strerror or error}"
        raise PortError(reason) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Spell the address of a listening socket.

    Args:
        listener: The socket.

    Returns:
        For example ``http://127.0.0.1:8080``.
    """
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def _server(sandbox: Sandbox) -> _Server:
    return _Server(
        uvicorn.Config(
            build_app(sandbox),
            loop="asyncio",
            http=GateProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )


def serve(sandbox: Sandbox, listener: socket.socket) -> None:
    """Serve until a signal comes.

    Args:
        sandbox: What to serve.
        listener: Bound socket.
    """
    _server(sandbox).run(sockets=[listener])


class ServerThread:
    """A server that runs beside its caller."""

    def __init__(self, sandbox: Sandbox, listener: socket.socket) -> None:
        """Start, and return when it serves.

        Args:
            sandbox: What to serve.
            listener: Bound socket.

        Raises:
            ServerStartError: If it does not come up.
        """
        self.url = url_of(listener)
        self._server = _server(sandbox)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listener]},
            name="dynatrace-sandbox",
            daemon=True,
        )
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS):
            reason = f"the sandbox did not start within {START_SECONDS:.0f} seconds"
            raise ServerStartError(reason)

    def stop(self) -> None:
        """Stop, and return when all connections are closed."""
        self._server.should_exit = True
        self._thread.join()
