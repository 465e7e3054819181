"""The writer: what it asks of the pipe it writes to."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import pytest
from tap_dynatrace_dps.writer import PIPE_BYTES, BufferedWriter

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "linux":
    import fcntl

    def test_a_pipe_gets_as_much_room_as_the_system_allows() -> None:
        reader, writer = os.pipe()
        with os.fdopen(reader, "rb"), os.fdopen(writer, "wb") as output:
            BufferedWriter(output)
            given = fcntl.fcntl(output, fcntl.F_GETPIPE_SZ)
            try:
                possible = fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
            except OSError:
                pytest.skip("this user has no room left for pipes")
            assert given == possible


def test_what_is_no_pipe_is_written_to_all_the_same(tmp_path: Path) -> None:
    closed = io.BytesIO()
    closed.close()
    BufferedWriter(closed)
    with (tmp_path / "file").open("wb") as output:
        BufferedWriter(output).flush()
    BufferedWriter(io.BytesIO()).flush()
