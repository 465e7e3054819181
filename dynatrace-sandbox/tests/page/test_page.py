"""The page as the sandbox serves it and as `exec --page` writes it."""

from __future__ import annotations

import re
import sys
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import msgspec
import pytest
import requests
from click.testing import CliRunner
from dynatrace_sandbox.cli import main
from dynatrace_sandbox.page.readings import read
from dynatrace_sandbox.page.render import Origin, page
from dynatrace_sandbox.testing import SandboxServer
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from .events import (
    EVENTS,
    FIRST,
    SECOND,
    Number,
    allocation,
    cost,
    environment_cost,
    forecast,
    status,
    text,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from .events import Event

SECONDS = 30
VOID = {"meta", "link", "input", "br"}


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(today=date(2026, 3, 1), days=30) as server:
        yield server


def send(server: SandboxServer, events: Iterable[Event]) -> None:
    answer = requests.post(
        f"{server.url}/api/v2/bizevents/ingest",
        data="[" + ",".join(map(text, events)) + "]",
        headers={
            "Authorization": f"Api-Token {server.credentials['api_token']}",
            "Content-Type": "application/json",
        },
        timeout=SECONDS,
    )
    assert answer.status_code == 202


def get(server: SandboxServer, query: str = "") -> str:
    answer = requests.get(f"{server.url}/{query}", timeout=SECONDS)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


class Checked(HTMLParser):
    """Fails where an element is not closed, and collects what would be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.shown: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        names = dict(attrs)
        self.loaded += [value or "" for name, value in attrs if name in {"src", "xlink:href"}]
        if tag == "link":
            self.loaded.append(names["href"] or "")
        if tag == "main" and "hidden" not in names:
            self.shown.append(names.get("data-view") or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def check(html: str) -> Checked:
    parser = Checked()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser


def test_empty_sandbox_names_the_command_to_run(sandbox: SandboxServer) -> None:
    html = get(sandbox)
    check(html)
    assert "No cost has arrived yet" in html
    assert "dynatrace-sandbox exec --page dps.html -- meltano" in html


def test_figures_stand_on_the_page_with_all_their_digits(sandbox: SandboxServer) -> None:
    send(sandbox, EVENTS)
    html = get(sandbox)
    assert '<data value="70.1000000000001" title="70.1000000000001">' in html
    assert "7.0\N{NO-BREAK SPACE}% of 1,000" in html
    for title in ("Subscription details", "Account level details", "Forecast and advanced"):
        assert f"<h2>{title}</h2>" in html


def test_a_chart_never_stands_without_its_table(sandbox: SandboxServer) -> None:
    send(sandbox, EVENTS)
    figures = re.findall(r"<figure.*?</figure>", get(sandbox), re.DOTALL)
    assert len(figures) > 10
    for figure in figures:
        assert 'role="img"' in figure
        assert "<caption>" in figure
        assert 'scope="col"' in figure


def test_page_loads_nothing(sandbox: SandboxServer) -> None:
    send(sandbox, EVENTS)
    html = get(sandbox)
    assert check(html).loaded == ["data:,"]
    assert not re.search(r"url\(|@import|https?://", html)


def test_a_restated_day_counts_once_and_the_newest_version_wins(sandbox: SandboxServer) -> None:
    send(sandbox, EVENTS)
    send(sandbox, [cost(FIRST, "2026-02-01", "25.5")])
    html = get(sandbox)
    assert '<data value="75.6">' in html
    assert "of 1,000; the days add up to 75.60" in html
    assert "<b>14</b> business events" in html
    assert "(15 stored)" in html


def test_an_older_version_that_comes_later_does_not_win(sandbox: SandboxServer) -> None:
    now = datetime.now(UTC)
    send(sandbox, EVENTS)
    send(sandbox, [cost(FIRST, "2026-02-02", "1", timestamp=now.isoformat())])
    older = (now - timedelta(hours=1)).isoformat()
    send(sandbox, [cost(FIRST, "2026-02-02", "900", timestamp=older)])
    assert '<data value="71.1000000000001">' in get(sandbox)


@pytest.mark.parametrize("asked", ["Second", "a0000000-0000-4000-8000-000000000002"])
def test_account_is_chosen_in_the_address(sandbox: SandboxServer, asked: str) -> None:
    send(sandbox, EVENTS)
    assert check(get(sandbox)).shown == [""]
    html = get(sandbox, f"?account={asked}")
    assert check(html).shown == ["a0000000-0000-4000-8000-000000000002"]


def test_unknown_account_shows_all_and_says_so(sandbox: SandboxServer) -> None:
    send(sandbox, EVENTS)
    html = get(sandbox, "?account=%3Cscript%3E")
    assert check(html).shown == [""]
    assert "No event names an account “&lt;script&gt;”" in html


def test_names_from_events_are_escaped(sandbox: SandboxServer) -> None:
    send(sandbox, EVENTS)
    html = get(sandbox)
    assert "First &amp; &lt;Sons&gt;" in html
    assert "<Sons>" not in html


def test_unreadable_events_are_told_not_hidden(sandbox: SandboxServer) -> None:
    send(sandbox, [*EVENTS, cost(FIRST, "2026-02-03", "1", value="much")])
    assert "1 events lack what this page needs" in get(sandbox)


def test_page_can_only_be_read(sandbox: SandboxServer) -> None:
    assert requests.post(sandbox.url + "/", timeout=SECONDS).status_code == 405


DIGITS = st.decimals(-(10**30), 10**30, allow_nan=False, places=20).map("{:f}".format)
DAY = st.dates(date(2025, 12, 1), date(2026, 5, 1)).map(str)
WHO = st.sampled_from([FIRST, SECOND])
ANY_EVENT = st.one_of(
    st.builds(cost, WHO, DAY, DIGITS),
    st.builds(environment_cost, WHO, st.sampled_from("ab"), st.sampled_from("LM"), DAY, DIGITS),
    st.builds(forecast, WHO, st.just("2026-03-01T04:00:00Z"), DIGITS),
    st.builds(allocation, WHO, DAY, st.sampled_from(["", "x"]), DIGITS, st.just("COSTCENTER")),
    st.builds(
        lambda digits, used: status(budget=Number(digits), used=used and Number(used)),
        DIGITS,
        st.none() | DIGITS,
    ),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(ANY_EVENT, max_size=12))
def test_any_amounts_and_days_make_a_page(events: list[Event]) -> None:
    html = page(read(lambda kind: texts(events, kind)), Origin("2026-05-01", 1, 1))
    check(html)
    assert "nan" not in re.sub(r"<style>.*</style>", "", html, flags=re.DOTALL).lower()


SENDER = """
import json, os, sys, urllib.request
url = os.environ["DYNATRACE_SANDBOX_URL"]
token = json.load(urllib.request.urlopen(url + "/sandbox/accounts"))["api_token"]
headers = {"Authorization": "Api-Token " + token, "Content-Type": "application/json"}
body = open(sys.argv[1], "rb").read()
urllib.request.urlopen(urllib.request.Request(url + "/api/v2/bizevents/ingest", body, headers))
"""


def test_exec_writes_the_page_and_says_where(tmp_path: Path) -> None:
    events = tmp_path / "events.json"
    events.write_text("[" + ",".join(map(text, EVENTS)) + "]")
    file = tmp_path / "deep" / "dps.html"
    command = [sys.executable, "-c", SENDER, str(events)]
    result = CliRunner().invoke(main, ["exec", "--page", str(file), "--days", "20", "--", *command])
    assert result.exit_code == 0, result.output
    assert f"The page to look at: {file.as_uri()}" in result.output
    html = file.read_text("utf-8")
    assert check(html).shown == [""]
    assert '<data value="70.1000000000001" ' in html


def test_exec_says_in_one_sentence_that_the_page_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    page = tmp_path / "file" / "dps.html"
    command = ["exec", "--page", str(page), "--days", "20", "--", sys.executable, "-c", "pass"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert f"Error: cannot write the page to {page}: " in result.output


def test_events_of_the_helper_are_json() -> None:
    decoded = [msgspec.json.decode(text(event)) for event in EVENTS]
    assert [event["event.type"] for event in decoded] == [event["event.type"] for event in EVENTS]
