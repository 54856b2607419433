"""The dashboard, in a real browser: what it shows with and without data, and without a server."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright
from running import Person, Server

CARDS = 6


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
    ann.send(ann.group(), "m1")
    latency = page.locator("section", has_text="Latency").locator("dd").first
    expect(latency).to_contain_text("ms", timeout=15_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []

    server.kill()
    expect(page.locator("#state")).to_have_text("the server does not answer", timeout=15_000)
