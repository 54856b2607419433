"""The dashboard, in a real browser: what it shows with and without data, and without a server."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from brokers import Host, Worker
from playwright.sync_api import Page, expect, sync_playwright
from postgres import address_of
from running import Person, Server

CARDS = 9


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that hears of what happens: there is a broker, and a relay."""
    host, data = Host(tmp_path), tmp_path / "data"
    server = Server(data, **host.environment)
    environment = {"CHAT_DATABASE_URL": address_of(data), **host.environment}
    relay = Worker(tmp_path / "relay.log", environment, "-m", "chat.relay")
    yield server
    server.stop()
    relay.stop()
    host.drop()


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        yield page
        browser.close()


def test_the_dashboard_shows_what_there_is_and_says_when_there_is_nothing(
    server: Server, page: Page
) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    server.start()
    page.goto(server.operations)
    expect(page.locator("section")).to_have_count(CARDS)
    expect(page.locator("section small").first).to_have_text("no data yet")
    expect(page.locator("#state")).to_have_text("degraded")
    expect(page.locator("#parts")).to_contain_text("cache: down")

    ann = Person(server.url)
    client, _ = ann.connect()
    ann.send(ann.group(), "m1")
    sockets = page.locator("section", has_text="Sockets").locator("dd").first
    expect(sockets).to_have_text("1", timeout=15_000)
    receipt = page.locator("section", has_text="Send to receipt").locator("dd").first
    expect(receipt).to_contain_text("ms", timeout=15_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []

    client.disconnect()
    server.kill()
    expect(page.locator("#state")).to_have_text("the server does not answer", timeout=15_000)
