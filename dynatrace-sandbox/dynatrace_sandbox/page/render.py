"""From readings to the page: one document that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from dynatrace_sandbox.page import wording
from dynatrace_sandbox.page.figures import Figures, figures
from dynatrace_sandbox.page.sections import Section, sections

if TYPE_CHECKING:
    from dynatrace_sandbox.page.readings import Readings


@dataclass(frozen=True)
class View:
    """The page for all accounts, or for one."""

    key: str
    name: str
    figures: Figures
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Origin:
    """Where the figures come from.

    Attributes:
        today: The sandbox's present day.
        stored: Events that are stored.
        newest: Of them, the newest of each id.
    """

    today: str
    stored: int
    newest: int


def _environment() -> Environment:
    files = resources.files("dynatrace_sandbox") / "page" / "templates"
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # The two files are this package's own.
    made.globals["style"] = Markup((files / "style.css").read_text("utf-8"))  # noqa: S704
    made.globals["script"] = Markup((files / "page.js").read_text("utf-8"))  # noqa: S704
    return made


_ENVIRONMENT: Final = _environment()
_TEMPLATE: Final = _ENVIRONMENT.from_string(
    (resources.files("dynatrace_sandbox") / "page" / "templates" / "page.html.j2").read_text(
        "utf-8"
    )
)


def page(readings: Readings, origin: Origin, account: str = "") -> str:
    """Write the page.

    All views are in it; a view is chosen by the server, or in the browser without asking again.

    Args:
        readings: What the events say.
        origin: Where they come from.
        account: UUID or name of the account to show first, "" for all.

    Returns:
        HTML.
    """
    chosen = next(
        (each.uuid for each in readings.accounts if account in {each.uuid, each.name}), ""
    )
    views = [_view(figures(readings))]
    views += [_view(figures(readings, each.uuid)) for each in readings.accounts]
    return _TEMPLATE.render(
        views=views if readings.costs or readings.subscriptions else [],
        chosen=chosen,
        unknown="" if chosen else account,
        origin=origin,
        unreadable=readings.unreadable,
        subscriptions=readings.subscriptions,
        day=wording.day,
    )


def _view(found: Figures) -> View:
    return View(found.account, found.account_name or "All accounts", found, sections(found))
