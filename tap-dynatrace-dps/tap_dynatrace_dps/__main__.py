"""Command line of the tap."""

from __future__ import annotations

from .dynatrace_api.plugin import run
from .tap import TapDynatraceDPS


def main() -> None:
    """Run the tap."""
    run(TapDynatraceDPS)


if __name__ == "__main__":
    main()
