"""What the client does when something fails: nothing is lost, nothing doubled, and it says so."""

import json
import time

import pytest
from playwright.sync_api import Page, Request, Route, expect
from web_support.browsers import Browsers
from web_support.faults import Cable, Sockets, kill_server, lose_answer, problem
from web_support.people import Person, stored_login

SENDS = "**/api/v1/conversations/*/messages"
REFRESH = "**/api/v1/auth/refresh"

failing_requests = pytest.mark.failing_requests


@failing_requests
def test_what_is_written_offline_survives_a_reload_and_arrives_once_in_order(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada).open(room)
    cable = Cable(chat.page.context)
    cable.pull()
    chat.send("one", "two", "three")
    expect(chat.pending).to_have_count(3)
    expect(chat.pending.first).to_contain_text("cannot be reached")
    chat.page.reload()
    expect(chat.page.get_by_text("cannot be reached").first).to_be_visible()
    assert ada.bodies(room) == []
    cable.plug()
    expect(chat.messages).to_have_count(3)
    expect(chat.pending).to_have_count(0)
    assert ada.bodies(room) == ["one", "two", "three"] == chat.texts()


@failing_requests
def test_a_browser_that_is_offline_says_so_and_goes_on_when_it_is_back(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada).open(room)
    chat.page.context.set_offline(True)
    chat.send("from the tunnel")
    expect(chat.page.get_by_text("You are offline.")).to_be_visible()
    expect(chat.pending).to_have_count(1)
    bob.say(room, "said meanwhile")
    chat.page.context.set_offline(False)
    expect(chat.message("said meanwhile")).to_be_visible()
    expect(chat.pending).to_have_count(0)
    expect(chat.page.locator(".banner")).to_have_count(0)
    assert ada.bodies(room) == ["said meanwhile", "from the tunnel"] == chat.texts()


@failing_requests
def test_what_is_written_in_a_conversation_that_could_not_be_loaded_is_shown_and_sent(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    bob.say(room, "said before")
    chat = browsers.of(ada)
    chat.page.route(f"**/conversations/{room}/messages*", lambda route: route.abort())
    chat.open(room)
    expect(chat.page.get_by_role("alert")).to_contain_text("cannot be reached")
    chat.send("written blind")
    expect(chat.pending).to_have_count(1)
    chat.page.unroute_all()
    expect(chat.message("said before")).to_be_visible()
    expect(chat.pending).to_have_count(0)
    assert ada.bodies(room) == ["said before", "written blind"] == chat.texts()


@failing_requests
def test_a_send_whose_answer_is_lost_is_repeated_and_makes_one_message(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada).open(room)
    chat.page.route(SENDS, lose_answer, times=2)
    chat.send("exactly once", "and after it")
    expect(chat.messages).to_have_count(2)
    expect(chat.pending).to_have_count(0)
    assert ada.bodies(room) == ["exactly once", "and after it"] == chat.texts()


@failing_requests
@pytest.mark.parametrize(
    ("slug", "status", "words"),
    [
        ("rate-limited", 429, "That was a lot at once."),
        ("overloaded", 503, "The system is very busy."),
        ("read-only", 503, "The system only allows reading for the moment."),
    ],
)
def test_a_system_that_asks_for_patience_gets_it(
    browsers: Browsers, ada: Person, bob: Person, slug: str, status: int, words: str
) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada).open(room)
    tries: list[Request] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/messages"):
            tries.append(request)

    chat.page.on("requestfinished", note)
    chat.page.route(SENDS, problem(slug, status, retry_after=2), times=1)
    chat.send("patiently")
    expect(chat.page.locator(".banner")).to_contain_text(words)
    expect(chat.pending).to_contain_text("It will be sent as soon as possible.")
    expect(chat.pending).to_have_count(0)
    assert ada.bodies(room) == ["patiently"]
    first, second = (request.timing["startTime"] for request in tries)  # ms, by the browser's clock
    assert second - first >= 1900


@failing_requests
def test_what_is_asked_for_too_often_is_done_a_little_later(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    ada.say(room, "first drafft")
    chat = browsers.of(ada).open(room)
    edits = f"{SENDS}/*"
    chat.page.route(edits, problem("rate-limited", 429, retry_after=1), times=2)
    chat.do("first drafft", "Edit (E)")
    editor = chat.page.get_by_label("Edit message")
    editor.fill("first draft")
    editor.press("Enter")
    expect(chat.message("first draft")).to_be_visible()
    assert ada.bodies(room) == ["first draft"]


@failing_requests
def test_a_send_that_will_never_succeed_says_why_and_can_be_discarded_or_retried(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada).open(room)
    chat.page.route(SENDS, problem("forbidden", 403), times=2)
    chat.send("nay", "yes")
    expect(chat.message("nay")).to_contain_text("Not sent. Your role here does not allow this.")
    expect(chat.message("yes")).to_contain_text("Not sent.")
    chat.send("third")
    expect(chat.page.locator(".pending:not(.failed)")).to_have_count(0)
    chat.message("nay").get_by_role("button", name="Discard").click()
    chat.message("yes").get_by_role("button", name="Try again").click()
    expect(chat.pending).to_have_count(0)
    assert ada.bodies(room) == ["third", "yes"] == chat.texts()


def test_events_that_are_lost_are_caught_up_on(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    edited, deleted = bob.say(room, "wrogn"), bob.say(room, "regretted")
    chat = browsers.tab(browsers.context(ada.log_in()))
    sockets = Sockets(chat.page)
    chat.open(room)
    expect(chat.message("regretted")).to_be_visible()
    expect(chat.page.locator(".title")).to_contain_text("Away")
    wait_until_live(chat.page)
    sockets.dropping = True
    path = f"/conversations/{room}/messages"
    bob.call("PATCH", f"{path}/{edited['id']}", body="right")
    bob.call("DELETE", f"{path}/{deleted['id']}")
    bob.say(room, "never announced")
    bob.call("PUT", f"{path}/{edited['id']}/reactions/👍")
    sockets.await_dropped(4)
    bob.say(room, "this one arrives")
    expect(chat.message("this one arrives")).to_be_visible()
    expect(chat.message("never announced")).to_be_visible()
    expect(chat.message("right").locator(".reaction")).to_contain_text("👍")
    expect(chat.page.get_by_text("This message was deleted")).to_be_visible()
    expect(chat.messages).to_have_count(4)


def test_a_lost_connection_is_made_again_with_a_fresh_ticket_and_misses_nothing(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.tab(browsers.context(ada.log_in()))
    sockets = Sockets(chat.page)
    tickets: list[Request] = []

    def note(request: Request) -> None:
        if "/realtime/tickets" in request.url:
            tickets.append(request)

    chat.page.on("request", note)
    chat.open(room)
    wait_until_live(chat.page)
    sockets.dropping = True
    bob.say(room, "in the gap")
    sockets.await_dropped(1)
    sockets.cut()
    expect(chat.message("in the gap")).to_be_visible()
    assert (sockets.opened, len(tickets)) == (2, 2)


def test_a_server_that_says_farewell_is_given_the_time_it_asks_for(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.tab(browsers.context(ada.log_in()))
    sockets = Sockets(chat.page)
    chat.open(room)
    wait_until_live(chat.page)
    chat.page.evaluate("Math.random = () => 0.9")
    data = {"reason": "server-stopping", "reconnect": True, "max_delay_ms": 3000}
    event = {"id": "x", "type": "connection.closing", "version": 1, "data": data}
    sockets.say("42" + json.dumps(["connection.closing", event]))
    sockets.cut()
    began = time.monotonic()
    with chat.page.expect_request("**/realtime/tickets"):
        pass
    assert time.monotonic() - began >= 2.5  # seconds; 0.9 of the three it may be


def test_waking_from_sleep_connects_anew(browsers: Browsers, ada: Person, bob: Person) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada)
    chat.page.clock.install()
    chat.open(room)
    wait_until_live(chat.page)
    with chat.page.expect_request("**/realtime/tickets"):
        chat.page.clock.fast_forward("10:00")


@failing_requests
def test_a_token_is_renewed_unseen_in_two_tabs_even_if_an_answer_is_lost(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    context = browsers.context(ada.log_in(access_ttl=1))
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            lose_answer(route)

    context.route(REFRESH, lose_first)
    first, second = browsers.tab(context).open(room), browsers.tab(context).open(room)
    for n in range(3):
        first.send(f"first {n}")
        second.send(f"second {n}")
        first.page.wait_for_timeout(1100)  # longer than a token lives
    for chat in (first, second):
        expect(chat.messages).to_have_count(6)
        expect(chat.pending).to_have_count(0)
    assert lost
    assert len(ada.bodies(room)) == 6


@failing_requests
def test_logging_out_in_one_tab_logs_out_the_other(browsers: Browsers, ada: Person) -> None:
    context = browsers.context(ada.log_in())
    first, second = browsers.tab(context).open(), browsers.tab(context).open()
    expect(second.page.get_by_text("No conversations yet.")).to_be_visible()
    first.button("Your profile and settings").click()
    first.button("Log out").click()
    expect(second.page.get_by_text("You were logged out in another tab.")).to_be_visible()


@failing_requests
def test_a_login_that_ended_elsewhere_asks_for_a_new_one_and_keeps_the_draft(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    tokens = ada.log_in()
    chat = browsers.tab(browsers.context(tokens)).open(room)
    wait_until_live(chat.page)
    chat.composer.fill("half a thou")
    ada.call("POST", "/auth/logout-all")
    expect(chat.page.get_by_text("Your login has ended.")).to_be_visible()
    login = json.dumps(stored_login(ada.log_in()))
    chat.page.evaluate("login => localStorage.setItem('chat.session', login)", login)
    chat.page.reload()
    expect(chat.composer).to_have_value("half a thou")


@failing_requests
def test_a_part_of_the_page_that_did_not_load_is_loaded_again(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    ada.say(room, "some *emphasis*")
    chat = browsers.of(ada)
    for part in (
        "js/core/http.js",
        "vendor/socket.io.js",
        "js/views/conversation.js",
        "vendor/marked.js",
    ):
        chat.page.route(f"**/web/{part}", lambda route: route.abort(), times=1)
    chat.page.goto(f"{chat.url}/#/c/{room}")
    expect(chat.page.get_by_text("could not be loaded in full")).to_be_visible()
    expect(chat.message("emphasis").locator("em")).to_be_visible()
    wait_until_live(chat.page)


@failing_requests
def test_a_killed_server_loses_and_doubles_nothing(
    browsers: Browsers, ada: Person, bob: Person, url: str, request: pytest.FixtureRequest
) -> None:
    room = ada.direct(bob)
    of_ada, of_bob = browsers.of(ada).open(room), browsers.of(bob).open(room)
    of_ada.send("before")
    expect(of_bob.message("before")).to_be_visible()
    wait_until_live(of_bob.page)
    kill_server(url, request.config.getoption("--kill-command"))
    of_ada.send("during 1", "during 2")
    of_bob.send("during too")
    for chat in (of_ada, of_bob):
        expect(chat.messages).to_have_count(4, timeout=60_000)
        expect(chat.pending).to_have_count(0, timeout=60_000)
    assert of_ada.texts() == of_bob.texts()
    by_ada = [text for text in of_ada.texts() if text != "during too"]
    assert by_ada == ["before", "during 1", "during 2"]
    of_bob.send("after")
    expect(of_ada.message("after")).to_be_visible()


def wait_until_live(page: Page) -> None:
    """The socket is connected: one's own dot in the list is green."""
    expect(page.locator(".me .dot.online")).to_be_visible()
