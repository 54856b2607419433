"""A conversation of a thousand messages: bounded, smooth, and easy to find one's way in."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import expect
from web_support.browsers import Browsers, Chat
from web_support.people import Person

LENGTH = 700
HELD = 300  # messages the page may hold
DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)))"
OLDER_HELD = "least => +document.querySelector('[data-seq]').dataset.seq < least"


@pytest.fixture(scope="module")
def old_friends(url: str) -> Iterator[tuple[Person, Person, str]]:
    ada, bob = Person.register(url, "Ada Lovelace"), Person.register(url, "Bob Ross")
    room = ada.direct(bob)
    first = ada.say(room, "message 1")
    for n in range(2, LENGTH):
        lines = "\n".join(["more"] * (n % 4))
        (ada if n % 3 else bob).say(room, f"message {n}\n{lines}".strip())
    ada.say(room, f"message {LENGTH}", reply_to=first["id"])
    yield ada, bob, room
    ada.close()
    bob.close()


def seqs(chat: Chat) -> list[int]:
    return list(chat.page.eval_on_selector_all("[data-seq]", "all => all.map(r => +r.dataset.seq)"))


def scroll(chat: Chat, by: int) -> None:
    chat.page.locator(".history").hover()
    chat.page.mouse.wheel(0, by)
    chat.page.evaluate(DRAWN)


def scroll_until(chat: Chat, by: int, seq: int) -> None:
    """Scroll on until a message is held; every step must leave a bounded window without gaps."""
    for _ in range(150):
        held = seqs(chat)
        assert len(held) <= HELD
        assert all(b - a == 1 for a, b in pairwise(held)), held
        if seq in held:
            return
        scroll(chat, by)
    pytest.fail(f"message {seq} did not come")


def test_scrolling_reads_everything_both_ways_and_holds_little(
    browsers: Browsers, old_friends: tuple[Person, Person, str]
) -> None:
    ada, _, room = old_friends
    chat = browsers.of(ada).open(room)
    expect(chat.message(f"message {LENGTH}")).to_be_visible()
    scroll_until(chat, -1500, 1)
    scroll(chat, -5000)
    expect(chat.page.get_by_text("This is where your conversation begins.")).to_be_in_viewport()
    scroll_until(chat, 1500, LENGTH)


def test_what_one_reads_stays_in_place_while_older_messages_come(
    browsers: Browsers, old_friends: tuple[Person, Person, str]
) -> None:
    ada, _, room = old_friends
    chat = browsers.of(ada).open(room)
    expect(chat.message(f"message {LENGTH}")).to_be_visible()
    before = min(seqs(chat))
    chat.page.locator(".history").hover()
    row = chat.page.locator(f"[data-seq='{before + 8}']")
    chat.page.locator(".history").evaluate("h => { h.scrollTop = 500; }")
    top = row.bounding_box()
    chat.page.wait_for_function(OLDER_HELD, arg=before)
    chat.page.evaluate(DRAWN)
    after = row.bounding_box()
    assert top
    assert after
    assert abs(top["y"] - after["y"]) <= 2  # pixels


def test_a_reply_leads_to_a_message_far_away_and_a_button_leads_back(
    browsers: Browsers, old_friends: tuple[Person, Person, str]
) -> None:
    ada, _, room = old_friends
    chat = browsers.of(ada).open(room)
    quote = chat.message(f"message {LENGTH}").locator(".quote")
    expect(quote).to_contain_text("message 1")
    quote.click()
    expect(chat.page.locator("[data-seq='1']")).to_be_in_viewport()
    assert LENGTH not in seqs(chat)
    chat.button("Jump to newest").click()
    expect(chat.message(f"message {LENGTH}")).to_be_in_viewport()
    expect(chat.button("Jump to newest")).to_have_count(0)


def test_unread_messages_are_marked_counted_and_reachable(
    browsers: Browsers, old_friends: tuple[Person, Person, str]
) -> None:
    ada, bob, room = old_friends
    bob.call("PUT", f"/conversations/{room}/read", seq=LENGTH)
    for n in range(3):
        ada.say(room, f"news {n}")
    chat = browsers.of(bob).open()
    expect(chat.item(ada.name).locator(".badge")).to_have_text("3 unread")
    expect(chat.page).to_have_title("(3) Chat")
    chat.item(ada.name).click()
    expect(chat.page.get_by_text("New messages", exact=True)).to_be_in_viewport()
    expect(chat.page.get_by_text("Today", exact=True)).to_be_attached()
    expect(chat.item(ada.name).locator(".badge")).to_have_count(0)
    expect(chat.page).to_have_title("Chat")


def test_many_unread_messages_are_one_step_away(browsers: Browsers, url: str) -> None:
    ada, bob = Person.register(url, "Ada Lovelace"), Person.register(url, "Bob Ross")
    room = ada.direct(bob)
    for n in range(80):
        ada.say(room, f"news {n}")
    chat = browsers.of(bob).open(room)
    expect(chat.message("news 79")).to_be_in_viewport()
    chat.page.get_by_role("button", name="80 new messages").click()
    expect(chat.page.get_by_text("New messages", exact=True)).to_be_in_viewport()
    expect(chat.page.locator("[data-seq='1']")).to_be_in_viewport()


def test_nothing_is_read_while_nobody_looks(browsers: Browsers, ada: Person, bob: Person) -> None:
    room = ada.direct(bob)
    chat = browsers.of(bob)
    chat.page.add_init_script("document.hasFocus = () => window.looking === true")
    chat.open(room)
    expect(chat.page.get_by_text("Online")).to_have_count(0)
    ada.say(room, "are you there?")
    expect(chat.message("are you there?")).to_be_visible()
    expect(chat.item(ada.name).locator(".badge")).to_have_text("1 unread")
    expect(chat.page.get_by_text("New messages", exact=True)).to_be_visible()
    assert ada.call("GET", f"/conversations/{room}/members")["items"][1]["read_seq"] == 0
    with chat.page.expect_response("**/read"):
        chat.page.evaluate("window.looking = true; window.dispatchEvent(new Event('focus'))")
    expect(chat.item(ada.name).locator(".badge")).to_have_count(0)
