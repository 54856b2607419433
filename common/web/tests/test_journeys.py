"""What people do with the chat, with two and three browsers that talk to each other."""

import re

import pytest
from playwright.sync_api import expect
from web_support.browsers import Browsers, Chat
from web_support.people import PASSWORD, Person, isolated


def log_in(chat: Chat, username: str, password: str = PASSWORD) -> None:
    chat.page.get_by_label("Username").fill(username)
    chat.page.get_by_label("Password").fill(password)
    chat.button("Log in").click()


def test_a_newcomer_registers_logs_out_and_comes_back(browsers: Browsers, ada: Person) -> None:
    chat = browsers.tab(browsers.context())
    chat.open()
    chat.button("Create an account").click()
    username = f"new-{ada.username}"[:32]
    chat.page.get_by_label("Username").fill(username)
    chat.page.get_by_label("Name", exact=True).fill("Nina Simone")
    chat.page.get_by_label("Password").fill(PASSWORD)
    chat.button("Create account").click()
    expect(chat.page.get_by_text("No conversations yet.")).to_be_visible()
    chat.button("Your profile and settings").click()
    chat.button("Log out").click()
    expect(chat.page.get_by_text("You are logged out.")).to_be_visible()
    log_in(chat, username)
    expect(chat.page.locator(".me-name")).to_have_text("Nina Simone")


def test_a_wrong_password_is_told_kindly(browsers: Browsers, ada: Person) -> None:
    chat = browsers.tab(browsers.context())
    chat.open()
    log_in(chat, ada.username, "not the password")
    expect(chat.page.get_by_role("alert")).to_contain_text("do not go together")
    assert any("401" in complaint for complaint in browsers.complaints)
    browsers.complaints.clear()


def test_two_people_find_each_other_and_talk(browsers: Browsers, ada: Person, bob: Person) -> None:
    of_ada, of_bob = browsers.of(ada).open(), browsers.of(bob).open()
    of_ada.page.get_by_label("Search conversations and people").fill(bob.username)
    of_ada.page.get_by_role("button", name=bob.name).click()
    expect(of_ada.composer).to_be_focused()
    of_ada.send("Hello Bob, *how* are you?")
    expect(of_ada.message("Hello Bob").locator("em")).to_have_text("how")

    item = of_bob.item(ada.name)
    expect(item.locator(".badge")).to_have_text("1 unread")
    expect(item).to_contain_text("Hello Bob")
    item.click()
    expect(of_bob.message("Hello Bob")).to_be_visible()
    expect(item.locator(".badge")).to_have_count(0)
    expect(of_ada.page.get_by_role("img", name=f"Read by {isolated(bob.name)}")).to_be_visible()
    expect(of_ada.page.locator(".title")).to_contain_text("Online")

    of_bob.composer.press_sequentially("Very", delay=20)
    expect(of_ada.page.get_by_text(f"{isolated('Bob Ross')} is typing…")).to_be_visible()
    of_bob.send("Very well")
    expect(of_ada.message("Very well")).to_be_visible()
    expect(of_ada.page.get_by_text(f"{isolated('Bob Ross')} is typing…")).to_have_count(0)
    of_ada.arrived("Hello Bob")


def test_edits_reactions_replies_and_deletions_show_in_place(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    of_ada, of_bob = browsers.of(ada).open(room), browsers.of(bob).open(room)
    of_ada.send("first drafft", "second thought")
    of_ada.do("first drafft", "Edit (E)")
    editor = of_ada.page.get_by_label("Edit message")
    editor.fill("first draft")
    editor.press("Enter")
    expect(of_bob.message("first draft").locator(".edited")).to_be_visible()

    of_bob.do("first draft", "React (A)")
    of_bob.button("party").click()
    label = f"🎉 from {isolated('Bob Ross')}"
    reaction = of_ada.message("first draft").get_by_role("button", name=label)
    expect(reaction).to_have_attribute("aria-pressed", "false")
    reaction.click()
    expect(of_bob.message("first draft").locator(".reaction")).to_contain_text("2")

    of_bob.do("first draft", "Reply (R)")
    of_bob.send("I like it")
    expect(of_ada.message("I like it").locator(".quote")).to_contain_text("first draft")

    of_ada.do("second thought", "Delete (Del)")
    of_ada.button("Delete").click()
    expect(of_bob.page.get_by_text("This message was deleted")).to_be_visible()
    expect(of_bob.message("second thought")).to_have_count(0)


@pytest.mark.failing_requests  # who is removed may just be reading
def test_three_people_in_a_group_with_roles(
    browsers: Browsers, ada: Person, bob: Person, cem: Person
) -> None:
    of_ada, of_bob, of_cem = (browsers.of(one).open() for one in (ada, bob, cem))
    of_ada.button("New conversation").first.click()
    dialog = of_ada.page.get_by_role("dialog")
    dialog.get_by_label("Search people by name").fill(bob.username)
    dialog.get_by_role("checkbox", name=bob.name).check()
    dialog.get_by_label("Group name").fill("Weekend trip")
    of_ada.button("Create group").click()
    of_bob.item("Weekend trip").click()
    expect(
        of_bob.page.locator(".notice").filter(has_text=f"created “{isolated('Weekend trip')}”")
    ).to_be_visible()

    of_ada.button("Details and members").click()
    of_ada.button("Add people").click()
    dialog.get_by_label("Search people by name").fill(cem.username)
    dialog.get_by_role("checkbox", name=cem.name).check()
    of_ada.button("Add").click()
    of_cem.item("Weekend trip").click()
    of_cem.send("Where to?")
    for chat in (of_ada, of_bob):
        expect(chat.message("Where to?")).to_be_visible()

    of_ada.page.get_by_label(f"What to do with {isolated('Bob Ross')}").click()
    of_ada.button("Make admin").click()
    expect(
        of_bob.page.locator(".notice").filter(has_text=f"made {isolated('Bob Ross')} an admin")
    ).to_be_visible()
    of_bob.button("Details and members").click()
    of_bob.button("Rename group").click()
    of_bob.page.get_by_label("Group name").fill("Trip to the sea")
    of_bob.page.get_by_label("Group name").press("Enter")
    for chat in (of_ada, of_bob, of_cem):
        expect(chat.item("Trip to the sea")).to_be_visible()

    of_bob.page.get_by_label(f"What to do with {isolated('Cem Karaca')}").click()
    of_bob.button("Remove").click()
    of_bob.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(of_cem.page.get_by_text("This conversation is not here")).to_be_visible()
    expect(of_cem.item("Trip to the sea")).to_have_count(0)

    of_bob.button("Leave group").click()
    of_bob.button("Leave").click()
    expect(of_bob.page.get_by_text("No conversations yet.")).to_be_visible()
    expect(
        of_ada.page.locator(".notice").filter(has_text=f"{isolated('Bob Ross')} left")
    ).to_be_visible()


def test_everyone_sees_one_order_when_all_write_at_once(
    browsers: Browsers, ada: Person, bob: Person, cem: Person
) -> None:
    room = ada.group("Crossfire", [bob, cem])
    chats = [browsers.of(one).open(room) for one in (ada, bob, cem)]
    for n in range(6):
        for who, chat in enumerate(chats):
            chat.send(f"{n} of {who}")
    for chat in chats:
        expect(chat.messages).to_have_count(18)
        expect(chat.pending).to_have_count(0)
    assert chats[0].texts() == chats[1].texts() == chats[2].texts() == ada.bodies(room)
    for who in range(3):
        own = [text for text in chats[0].texts() if text.endswith(f"of {who}")]
        assert own == [f"{n} of {who}" for n in range(6)]


def test_a_profile_is_edited_and_others_see_it(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    ada.say(room, "who am I?")
    of_ada = browsers.of(ada).open()
    of_ada.button("Your profile and settings").click()
    of_ada.page.get_by_label("Name", exact=True).fill("Countess Lovelace")
    of_ada.page.get_by_label("About you").fill("Notes on an engine")
    of_ada.button("Save").click()
    expect(of_ada.page.get_by_text("Your profile is saved.")).to_be_visible()
    of_bob = browsers.of(bob).open(room)
    expect(of_bob.page.locator(".message .author")).to_have_text("Countess Lovelace")
    of_bob.button("Details and members").click()
    expect(of_bob.page.get_by_text("Notes on an engine")).to_be_visible()


def test_the_search_narrows_the_list(browsers: Browsers, ada: Person, bob: Person) -> None:
    ada.direct(bob)
    ada.group("Beekeepers", [bob])
    chat = browsers.of(ada).open()
    expect(chat.page.locator(".items a.item")).to_have_count(2)
    chat.page.keyboard.press("Control+k")
    chat.page.keyboard.type("beek")
    expect(chat.page.locator(".items a.item")).to_have_count(1)
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("heading", name="Beekeepers", level=1)).to_be_visible()


def test_a_theme_is_chosen_and_stays(browsers: Browsers, ada: Person) -> None:
    chat = browsers.of(ada, color_scheme="light").open()
    chat.button("Your profile and settings").click()
    chat.page.get_by_text("Dark", exact=True).click()
    expect(chat.page.locator("html")).to_have_attribute("data-theme", "dark")
    chat.page.reload()
    expect(chat.page.locator("body")).to_have_css("background-color", "rgb(24, 26, 32)")


def test_text_never_becomes_markup(browsers: Browsers, ada: Person, bob: Person) -> None:
    room = ada.direct(bob)
    for text in (
        "<img src=x onerror=alert(1)> plain",
        "<script>alert(2)</script>",
        "[click](javascript:alert(3)) *me*",
        "![pic](https://example.org/x.png)",
        "# no heading\n- no list\n> no quote",
        "**bold** `code` <b>not bold</b> https://example.org/?a=1&b=2",
    ):
        ada.say(room, text)
    chat = browsers.of(bob).open(room)
    chat.page.on("dialog", lambda dialog: browsers.complaints.append(dialog.message))
    expect(chat.message("bold").locator("strong")).to_have_text("bold")
    bodies = chat.page.locator(".message .body")
    forbidden = "img, script, h1, ul, blockquote, b, a[href^=javascript]"
    expect(bodies.locator(forbidden)).to_have_count(0)
    link = chat.message("bold").locator("a")
    expect(link).to_have_attribute("href", "https://example.org/?a=1&b=2")
    expect(chat.message("bold")).to_contain_text("<b>not bold</b>")
    expect(chat.message("plain")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(chat.page.get_by_text(re.compile("# no heading"))).to_be_visible()
