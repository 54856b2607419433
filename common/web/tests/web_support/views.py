"""Every view of the client by name, and how one gets there; checks and screenshots walk it."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from web_support.browsers import Chat
from web_support.world import World


def _login(chat: Chat, world: World) -> None:
    expect(chat.button("Log in")).to_be_visible()


def _register(chat: Chat, world: World) -> None:
    chat.button("Create an account").click()
    expect(chat.button("Create account")).to_be_visible()


def _list(chat: Chat, world: World) -> None:
    expect(chat.item("Performance team")).to_be_visible()
    settle(chat.page)


def _conversation(chat: Chat, world: World) -> None:
    chat.open(world.room)
    expect(chat.page.get_by_text("New messages", exact=True)).to_be_visible()
    expect(chat.page.locator(".body strong").first).to_be_attached()
    expect(chat.page.locator(".quote b")).to_be_attached()
    expect(chat.page.locator(".read-marks").first).to_be_attached()
    settle(chat.page)


def _xray(chat: Chat, world: World) -> None:
    _conversation(chat, world)
    chat.send("What does this one cost?")
    chat.arrived("What does this one cost?")
    chat.message("What does this one cost?").last.focus()
    chat.page.keyboard.press("x")
    expect(chat.page.get_by_text("send to receipt").first).to_be_visible()


def _details(chat: Chat, world: World) -> None:
    _conversation(chat, world)
    chat.button("Details and members").click()
    expect(chat.page.locator(".members li")).to_have_count(5)
    settle(chat.page)


def _dialog(button: str) -> Callable[[Chat, World], None]:
    def show(chat: Chat, world: World) -> None:
        _list(chat, world)
        chat.button(button).first.click()
        expect(chat.page.get_by_role("dialog")).to_be_visible()
        settle(chat.page)

    return show


def _emoji(chat: Chat, world: World) -> None:
    _conversation(chat, world)
    chat.button("Insert an emoji").click()
    expect(chat.button("party")).to_be_visible()


def _person(chat: Chat, world: World) -> None:
    _conversation(chat, world)
    chat.page.locator(".message .author", has_text="Grace Hopper").last.click()
    expect(chat.button("Send a message")).to_be_visible()


def _confirm(chat: Chat, world: World) -> None:
    _details(chat, world)
    chat.button("Leave group").click()
    expect(chat.page.get_by_role("dialog")).to_be_visible()


def _failed(chat: Chat, world: World) -> None:
    _conversation(chat, world)
    chat.page.route("**/api/**", lambda route: route.abort())
    chat.send("This waits until the server is back.")
    expect(chat.pending).to_contain_text("cannot be reached")


def _missing(chat: Chat, world: World) -> None:
    chat.page.goto(f"{chat.url}/#/c/00000000-0000-7000-8000-000000000000")
    expect(chat.page.get_by_text("This conversation is not here")).to_be_visible()


def _lesson(chat: Chat, world: World) -> None:
    chat.page.goto(f"{chat.url}/lesson")
    expect(chat.page.get_by_role("heading", level=1)).to_be_visible()


def settle(page: Page) -> None:
    """Wait until names have come and nothing is being loaded."""
    page.wait_for_load_state("networkidle")


LOGGED_OUT = {"login": _login, "register": _register}
LOGGED_IN = {
    "list": _list,
    "conversation": _conversation,
    "xray": _xray,
    "details": _details,
    "new": _dialog("New conversation"),
    "you": _dialog("Your profile and settings"),
    "shortcuts": _dialog("Keyboard shortcuts"),
    "emoji": _emoji,
    "person": _person,
    "confirm": _confirm,
    "unreachable": _failed,
    "missing": _missing,
    "lesson": _lesson,
}
VIEWS = {**LOGGED_OUT, **LOGGED_IN}


def show(name: str, chat: Chat, world: World) -> None:
    """Bring a fresh tab to a view."""
    chat.open()
    VIEWS[name](chat, world)
