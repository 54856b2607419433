"""Every view in both themes: accessible to everybody, and fitting a phone."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize
from web_support.browsers import Browsers, Chat
from web_support.views import LOGGED_IN, VIEWS, show
from web_support.world import World, make_world

PHONE: ViewportSize = {"width": 320, "height": 568}
GRAVE = {"serious", "critical"}

pytestmark = pytest.mark.failing_requests  # the views of failures are among them


@pytest.fixture(scope="module")
def world(url: str) -> Iterator[World]:
    world = make_world(url)
    yield world
    world.close()


def tab(browsers: Browsers, world: World, view: str, **options: Any) -> Chat:
    """A tab at a view, with nobody there reading in another one."""
    if view in LOGGED_IN:
        return browsers.of(world.hero, **options)
    return browsers.tab(browsers.context(**options))


def grave_findings(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def too_wide(page: Page) -> list[str]:
    """Elements that make a person scroll sideways."""
    found = page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll('body *')]
            .filter(e => e.checkVisibility() && !e.closest('svg, pre, .table, .hidden, code'))
            .filter(e => e.scrollWidth > e.clientWidth + 1
                && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)
                || e.getBoundingClientRect().right > innerWidth + 1)
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    return list(found)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_accessible_in_both_themes_and_fits_a_phone(
    browsers: Browsers, world: World, view: str
) -> None:
    world.something_new()
    chat = tab(browsers, world, view, reduced_motion="reduce", color_scheme="light")
    show(view, chat, world)
    light = grave_findings(chat.page)
    chat.page.emulate_media(color_scheme="dark")
    dark = grave_findings(chat.page)
    chat.page.set_viewport_size(PHONE)
    assert (light, dark, too_wide(chat.page)) == ([], [], [])
    assert grave_findings(chat.page) == []
