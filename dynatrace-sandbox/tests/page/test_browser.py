"""The page in a real browser: what a person sees, in light, in dark, on paper and by keyboard."""

from __future__ import annotations

import json
import os
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
import requests
from dynatrace_sandbox.page.route import write_page
from dynatrace_sandbox.testing import SandboxServer
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from .events import EVENTS, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 30
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0
"""WCAG 2.2, success criteria 1.4.3 and 1.4.11, level AA."""


def installed(*names: str) -> str:
    """Find the first of some programs, or skip."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        reason = f"no {' or '.join(names)} (on Debian: apt-get install chromium chromium-driver)"
        if os.environ.get("REQUIRE_SYSTEM_PACKAGES"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = installed("google-chrome", "chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = Chrome(options=options, service=Service(installed("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(today=date(2026, 3, 1), days=30) as server:
        answer = requests.post(
            f"{server.url}/api/v2/bizevents/ingest",
            data="[" + ",".join(map(text, EVENTS)) + "]",
            headers={
                "Authorization": f"Api-Token {server.credentials['api_token']}",
                "Content-Type": "application/json",
            },
            timeout=SECONDS,
        )
        assert answer.status_code == 202
        yield server


@pytest.fixture
def page(chrome: Chrome, sandbox: SandboxServer) -> Iterator[Chrome]:
    """Open the page; whatever a test does, the browser has nothing to complain about."""
    chrome.set_window_size(1400, 1000)
    chrome.get("about:blank")
    log(chrome, "performance")
    log(chrome, "browser")
    chrome.get(sandbox.url + "/")
    yield chrome
    messages = log(chrome, "browser")
    emulate(chrome)
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert messages == []
    assert {url.rsplit("?", 1)[0] for url in asked(chrome)} <= {sandbox.url + "/"}


def log(chrome: Chrome, kind: str) -> list[dict[str, Any]]:
    """Take what the browser has logged since the last look."""
    entries: list[dict[str, Any]] = chrome.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def asked(chrome: Chrome) -> list[str]:
    """List the URLs that were asked for since the last look, without those of data."""
    entries = [json.loads(entry["message"])["message"] for entry in log(chrome, "performance")]
    urls = [
        entry["params"]["request"]["url"]
        for entry in entries
        if entry["method"] == "Network.requestWillBeSent"
    ]
    return [url for url in urls if not url.startswith("data:")]


def emulate(chrome: Chrome, media: str = "", scheme: str = "") -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def shown(chrome: Chrome) -> list[str]:
    views = chrome.find_elements(By.CSS_SELECTOR, "main")
    return [str(view.get_attribute("aria-label")) for view in views if view.is_displayed()]


def figure(chrome: Chrome) -> str:
    """Read the large figure of the budget tile that is shown."""
    tiles = chrome.find_elements(By.CSS_SELECTOR, "main:not([hidden]) .tile")
    return next(tile.text for tile in tiles if "to date" in tile.text).splitlines()[1]


def test_page_renders_every_chart(page: Chrome) -> None:
    assert shown(page) == ["All accounts"]
    assert figure(page) == "70 EUR"
    charts = page.find_elements(By.CSS_SELECTOR, "main:not([hidden]) figure > svg")
    assert len(charts) > 8
    for chart in charts:
        assert chart.size["width"] > 300
        assert chart.size["height"] > 40


def test_filter_changes_the_view_without_asking_the_server(page: Chrome) -> None:
    asked(page)
    Select(page.find_element(By.ID, "account")).select_by_visible_text("Second")
    assert shown(page) == ["Second"]
    assert figure(page) == "40 EUR"
    assert "?account=a0000000-0000-4000-8000-000000000002" in page.current_url
    assert asked(page) == []
    page.refresh()
    assert shown(page) == ["Second"]


def test_filter_works_without_script(page: Chrome, sandbox: SandboxServer) -> None:
    page.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    page.get(sandbox.url + "/")
    Select(page.find_element(By.ID, "account")).select_by_visible_text("Second")
    page.find_element(By.ID, "show").click()
    assert shown(page) == ["Second"]


def test_page_is_worked_by_keyboard(page: Chrome) -> None:
    page.switch_to.active_element.send_keys(Keys.TAB)
    page.switch_to.active_element.send_keys(Keys.TAB)
    assert page.switch_to.active_element.get_attribute("id") == "exact"
    page.switch_to.active_element.send_keys(Keys.SPACE)
    assert figure(page) == "70.1000000000001 EUR"
    page.switch_to.active_element.send_keys(Keys.TAB)
    assert page.switch_to.active_element.tag_name == "summary"
    page.switch_to.active_element.send_keys(Keys.ENTER)
    table = page.find_element(By.CSS_SELECTOR, "main:not([hidden]) table")
    assert table.is_displayed()
    assert "60.0000000000001" in table.text


def test_every_picture_and_control_has_a_name(page: Chrome) -> None:
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    meant = [
        node
        for node in nodes
        if not node["ignored"]
        and node["role"]["value"] in {"image", "combobox", "checkbox", "region", "main"}
    ]
    assert len(meant) > 10
    for node in meant:
        assert node["name"]["value"], node


LUMINANCE = """
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const channels = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
};
const luminance = (colour) => {
  const [r, g, b] = channels(colour).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const style = getComputedStyle(document.documentElement);
const pair = (name) => [name, luminance(style.getPropertyValue(name))];
return Object.fromEntries(arguments[0].map(pair));
"""
INKS = ["--ink", "--soft"]
SHAPES = ["--s1", "--s2", "--s3", "--s4", "--s5", "--other"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_is_readable_in_light_and_dark(page: Chrome, scheme: str) -> None:
    emulate(page, scheme=scheme)
    found: dict[str, float] = page.execute_script(LUMINANCE, ["--page", "--card", *INKS, *SHAPES])
    assert (found["--card"] > 0.5) == (scheme == "light")
    for ground in ("--page", "--card"):
        for name in (*INKS, *SHAPES):
            light, dark = sorted((found[name], found[ground]), reverse=True)
            needed = TEXT_CONTRAST if name in INKS else SHAPE_CONTRAST
            assert (light + 0.05) / (dark + 0.05) >= needed, (name, ground)


def test_paper_shows_the_tables_and_no_controls(page: Chrome) -> None:
    emulate(page, media="print", scheme="dark")
    assert not page.find_element(By.CSS_SELECTOR, ".controls").is_displayed()
    tables = page.find_elements(By.CSS_SELECTOR, "main:not([hidden]) table")
    assert len(tables) > 8
    heights = [table.size["height"] for table in tables]
    assert min(heights) > 30
    ground: str = page.execute_script(
        "return getComputedStyle(document.documentElement).getPropertyValue('--card')"
    )
    assert ground.strip() == "#fff"
    assert len(page.print_page()) > 10_000


@pytest.mark.parametrize("width", [500, 820, 1400])
def test_nothing_is_wider_than_the_window(page: Chrome, width: int) -> None:
    page.set_window_size(width, 900)
    sizes: list[int] = page.execute_script(
        "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert sizes[0] <= sizes[1]


def test_page_in_a_file_filters_by_itself(
    chrome: Chrome, sandbox: SandboxServer, tmp_path: Path
) -> None:
    file = tmp_path / "dps.html"
    write_page(sandbox.sandbox, file)
    log(chrome, "browser")
    chrome.get(file.as_uri())
    Select(chrome.find_element(By.ID, "account")).select_by_visible_text("Second")
    assert shown(chrome) == ["Second"]
    found = log(chrome, "browser")
    assert found == []
