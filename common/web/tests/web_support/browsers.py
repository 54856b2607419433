"""Browsers that are logged in, and what their pages complain of."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from web_support.chromium import ARGUMENTS, find_chromium
from web_support.people import PATIENCE, Person, stored_login

DESKTOP = {"width": 1280, "height": 800}
expect.set_options(timeout=PATIENCE * 1000)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run one headless Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        yield browser
        browser.close()


class Chat:
    """One tab of the client, in terms of what a person sees and does."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, conversation: str | None = None) -> "Chat":
        """Load the client, at a conversation if one is named, and await its messages."""
        self.page.goto(f"{self.url}/#/c/{conversation}" if conversation else f"{self.url}/")
        if conversation:
            expect(self.composer).to_be_visible()
            shown = self.page.locator(".rows .message, .beginning, .history .empty")
            expect(shown.first).to_be_visible()
        return self

    @property
    def composer(self) -> Locator:
        """The field one writes in."""
        return self.page.locator("#composer")

    @property
    def messages(self) -> Locator:
        """All messages shown, on their way or there."""
        return self.page.locator(".rows .message:not(.notice)")

    @property
    def pending(self) -> Locator:
        """Messages that have not been acknowledged."""
        return self.page.locator(".rows .message.pending")

    def message(self, text: str) -> Locator:
        """The message that holds this text."""
        return self.messages.filter(has_text=text)

    def texts(self) -> list[str]:
        """What is said, from top to bottom."""
        return [text.strip() for text in self.messages.locator(".body").all_inner_texts()]

    def send(self, *texts: str) -> None:
        """Write and send."""
        for text in texts:
            self.composer.fill(text)
            self.composer.press("Enter")

    def arrived(self, text: str) -> None:
        """Await that a message is there and acknowledged."""
        expect(self.message(text).last).to_be_visible()
        expect(self.pending).to_have_count(0)

    def item(self, title: str) -> Locator:
        """A conversation in the list."""
        named = self.page.locator(".item-title").filter(has_text=title)
        return self.page.get_by_role("navigation").locator("a.item").filter(has=named)

    def button(self, name: str) -> Locator:
        """A button by its exact name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def do(self, message: str, action: str) -> None:
        """Use a button of a message's toolbar, such as "Reply (R)"."""
        self.message(message).hover()
        self.button(action).click()


class Browsers:
    """Opens tabs and notes every error in them; CSP violations are among those."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url
        self.complaints: list[str] = []
        self._contexts: list[BrowserContext] = []

    def context(self, tokens: dict[str, Any] | None = None, **options: Any) -> BrowserContext:
        """Make a browser of its own, with a login in it if tokens are given."""
        state: Any = {"cookies": [], "origins": []}
        if tokens:
            kept = json.dumps(stored_login(tokens))
            storage = [{"name": "chat.session", "value": kept}]
            state["origins"] = [{"origin": self.url, "localStorage": storage}]
        options = {"viewport": DESKTOP, "locale": "en-GB", **options}
        context = self.browser.new_context(storage_state=state, **options)
        context.set_default_timeout(PATIENCE * 1000)
        self._contexts.append(context)
        return context

    def tab(self, context: BrowserContext) -> Chat:
        """Open a tab; its complaints are collected."""
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{error}\n{error.stack}"))
        page.on("console", self._on_console)
        return Chat(page, self.url)

    def of(self, person: Person, **options: Any) -> Chat:
        """A fresh browser with this person logged in."""
        return self.tab(self.context(person.log_in(), **options))

    def _on_console(self, message: Any) -> None:
        outside = "ERR_NETWORK_CHANGED" in message.text  # an interface of this machine came or went
        if message.type in ("error", "warning") and not outside:
            self.complaints.append(f"console {message.type}: {message.text} {message.location}")

    def close(self) -> None:
        """Close every browser."""
        for context in self._contexts:
            for page in context.pages:  # one may be in the middle of an answer that we replace
                page.unroute_all(behavior="ignoreErrors")
            context.close()
