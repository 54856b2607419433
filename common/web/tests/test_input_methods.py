"""Keys that an input method takes while somebody composes Japanese, Chinese or Korean text."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect
from web_support.browsers import Browsers, Chat
from web_support.people import Person

INPUT_METHODS = {
    "safari": {"keyCode": 229, "isComposing": False},  # after the composition's end
    "others": {"keyCode": 229, "isComposing": True},
    "by flag alone": {"keyCode": 13, "isComposing": True},
}
PRESS = """(field, [key, more]) => field.dispatchEvent(
    new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true, ...more}))"""
DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Place:
    """Where a key acts: how one gets there, the key, and what shows that it has acted."""

    key: str
    get_there: Callable[[Chat], Locator]
    acted: Callable[[Chat], None]
    idle: Callable[[Chat], None]


def composer(chat: Chat) -> Locator:
    chat.composer.fill("へんかん")
    return chat.composer


def sent(chat: Chat) -> None:
    chat.arrived("へんかん")
    expect(chat.composer).to_have_value("")


def not_sent(chat: Chat) -> None:
    expect(chat.composer).to_have_value("へんかん")
    expect(chat.message("へんかん")).to_have_count(0)


def reply(chat: Chat) -> Locator:
    chat.do("first", "Reply (R)")
    return chat.composer


def replying(count: int) -> Callable[[Chat], None]:
    return lambda chat: expect(chat.page.get_by_text("Replying to")).to_have_count(count)


def editor(chat: Chat) -> Locator:
    chat.do("first", "Edit (E)")
    field = chat.page.get_by_label("Edit message")
    field.fill("へんこう")
    return field


def edited(chat: Chat) -> None:
    expect(chat.message("へんこう").locator(".edited")).to_be_visible()


def editing(count: int) -> Callable[[Chat], None]:
    return lambda chat: expect(chat.page.get_by_label("Edit message")).to_have_count(count)


def emoji(chat: Chat) -> Locator:
    chat.button("Insert an emoji").click()
    field = chat.page.get_by_label("Search emoji")
    field.fill("rocket")
    return field


def dialogs(count: int) -> Callable[[Chat], None]:
    return lambda chat: expect(chat.page.get_by_role("dialog")).to_have_count(count)


def search(chat: Chat) -> Locator:
    field = chat.page.get_by_label("Search conversations and people")
    field.fill("Ross")
    return field


def searched(text: str) -> Callable[[Chat], None]:
    field = "Search conversations and people"
    return lambda chat: expect(chat.page.get_by_label(field)).to_have_value(text)


def focused(selector: str) -> Callable[[Chat], None]:
    return lambda chat: expect(chat.page.locator(selector).first).to_be_focused()


def picker(chat: Chat) -> Locator:
    chat.button("New conversation").first.click()  # an empty list has another
    expect(chat.page.locator(".results input").first).to_be_visible()
    return chat.page.get_by_label("Search people by name")


PLACES = {
    "Enter sends": Place("Enter", composer, sent, not_sent),
    "Escape ends a reply": Place("Escape", reply, replying(0), replying(1)),
    "Enter saves an edit": Place("Enter", editor, edited, editing(1)),
    "Escape leaves an edit": Place("Escape", editor, editing(0), editing(1)),
    "Enter picks an emoji": Place("Enter", emoji, dialogs(0), dialogs(1)),
    "Escape empties the search": Place("Escape", search, searched(""), searched("Ross")),
    "Down goes into the list": Place(
        "ArrowDown", search, focused(".sidebar a.item"), focused("#search")
    ),
    "Down goes to people": Place(
        "ArrowDown", picker, focused(".results input"), focused(".picker .search input")
    ),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("how", INPUT_METHODS.values(), ids=INPUT_METHODS)
def test_a_key_acts_unless_an_input_method_takes_it(
    browsers: Browsers, ada: Person, bob: Person, place: Place, how: dict[str, int]
) -> None:
    room = ada.direct(bob)
    ada.say(room, "first")
    chat = browsers.of(ada).open(room)
    expect(chat.message("first")).to_be_visible()
    field = place.get_there(chat)
    field.focus()
    written: list[str] = []
    chat.page.on("request", lambda request: written.append(f"{request.method} {request.url}"))
    field.evaluate(PRESS, [place.key, how])
    chat.page.evaluate(DRAWN)
    place.idle(chat)
    assert not [one for one in written if one.startswith(("POST", "PATCH")) and "messages" in one]
    field.evaluate(PRESS, [place.key, {}])
    place.acted(chat)


def test_escape_of_an_input_method_does_not_close_the_dialog_it_is_typed_in(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    ada.direct(bob)  # the picker offers those whom one knows
    chat = browsers.of(ada).open()
    field = picker(chat)
    taken = field.evaluate(PRESS, ["Escape", INPUT_METHODS["safari"]])
    assert taken is False  # dispatchEvent says: the default action, to close, was prevented
    assert field.evaluate(PRESS, ["Escape", {}]) is True
