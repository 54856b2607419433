"""What the page costs, obeys and shows: bytes, policy, keyboard, x-ray, lesson."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Response, Route, expect
from web_support.browsers import Browsers, Chat
from web_support.people import PASSWORD, Person, isolated

FIRST_PAINT = 150_000  # bytes in all
WEB = Path(__file__).resolve().parent.parent


PAINTED = """selector => new Promise(done => {
    const look = () => document.querySelector(selector)
        ? done(performance.now()) : requestAnimationFrame(look);
    look();
})"""
LESSON = """# Phase nine

## See it

| a | b |
|---|---|
| 1 | 2 |

[up](#see-it) [file](x.py)

![picture](architecture.svg)

<script>alert(1)</script>

```sh
./lab up 9
```
"""
RECEIVED_BY = """moment => performance.getEntriesByType('resource')
    .filter(entry => entry.responseEnd <= moment).map(entry => entry.name)"""


class Weight:
    """Counts what a page transfers, headers included."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._responses: list[Response] = []
        page.on("response", self._note)

    def _note(self, response: Response) -> None:
        self._responses.append(response)

    def until(self, selector: str) -> int:
        """Bytes received until something is drawn."""
        moment = self._page.evaluate(PAINTED, selector)
        received = {*self._page.evaluate(RECEIVED_BY, moment), self._page.url}
        assert len(received) > 20
        sizes = [one.request.sizes() for one in self._responses if one.url in received]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)

    def total(self) -> int:
        """Bytes received so far."""
        sizes = [response.request.sizes() for response in self._responses]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


def test_the_login_is_painted_with_under_150_kb(browsers: Browsers) -> None:
    chat = browsers.tab(browsers.context())
    weight = Weight(chat.page)
    chat.open()
    expect(chat.button("Log in")).to_be_visible()
    chat.page.wait_for_load_state("networkidle")
    total = weight.total()
    print(f"first load of the login: {total} bytes")
    assert total < FIRST_PAINT


def test_the_list_is_painted_with_under_150_kb(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    ada.direct(bob)
    chat = browsers.of(ada)
    weight = Weight(chat.page)
    chat.page.goto(f"{chat.url}/", wait_until="commit")
    total = weight.until(".items a.item")
    print(f"first load of the list: {total} bytes")
    assert total < FIRST_PAINT


def test_everything_comes_from_the_system_itself(
    browsers: Browsers, ada: Person, bob: Person, url: str
) -> None:
    room = ada.direct(bob)
    ada.say(room, "![x](https://example.org/x.png) <https://example.org>")
    chat = browsers.of(ada)
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.open(room)
    expect(chat.page.locator(".body a").first).to_be_visible()
    chat.button("Insert an emoji").click()
    chat.page.keyboard.press("Escape")
    assert [one for one in asked if not one.startswith((f"{url}/", "data:"))] == []


def test_inline_script_and_style_are_refused(browsers: Browsers, url: str) -> None:
    chat = browsers.tab(browsers.context())
    chat.open()
    for markup in ("script", "style"):
        chat.page.evaluate(
            """name => { const it = document.createElement(name);
                it.append(name === 'script' ? 'window.ran = 1' : 'body { color: red }');
                document.head.append(it); }""",
            markup,
        )
    assert chat.page.evaluate("window.ran") is None
    for directive in ("'TrustedScript'", "style-src"):
        assert any(directive in one for one in browsers.complaints), browsers.complaints
    browsers.complaints.clear()


def test_it_runs_under_trusted_types(browsers: Browsers, ada: Person, bob: Person) -> None:
    room = ada.direct(bob)
    ada.say(room, "some *markup* in `it`")

    chat = browsers.of(ada)
    chat.open(room)
    expect(chat.message("markup").locator("em")).to_be_visible()
    refused = "() => { try { document.body.innerHTML = 'x' } catch { return true } }"
    assert chat.page.evaluate(refused)
    assert any("TrustedHTML" in complaint for complaint in browsers.complaints)
    browsers.complaints.clear()


def test_tests_and_notes_are_not_served(url: str) -> None:
    for path in ("tests/conftest.py", "README.md", "tools/vendor.py", "vendor/manifest.json"):
        assert httpx.get(f"{url}/web/{path}").status_code == 404


def test_vendored_libraries_are_the_pinned_ones() -> None:
    command = [sys.executable, str(WEB / "tools" / "vendor.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def press(chat: Chat, *keys: str) -> None:
    for key in keys:
        chat.page.keyboard.press(key)


def test_everything_is_done_without_a_pointer(browsers: Browsers, ada: Person, bob: Person) -> None:
    room = ada.direct(bob)
    ada.say(room, "first")
    ada.say(room, "second")
    bob.group("Other", [ada])
    chat = browsers.tab(browsers.context())
    chat.open()
    expect(chat.page.get_by_label("Username")).to_be_focused()
    chat.page.keyboard.type(ada.username)
    press(chat, "Tab")
    chat.page.keyboard.type(PASSWORD)
    press(chat, "Enter")
    expect(chat.item("Bob Ross")).to_be_visible()
    press(chat, "Control+k")
    chat.page.keyboard.type("bob")
    press(chat, "ArrowDown", "Enter")
    expect(chat.composer).to_be_focused()
    chat.page.keyboard.type("thrid")
    press(chat, "Enter")
    chat.arrived("thrid")
    press(chat, "ArrowUp")
    expect(chat.page.get_by_label("Edit message")).to_be_focused()
    press(chat, "Control+a")
    chat.page.keyboard.type("third")
    press(chat, "Enter")
    expect(chat.message("third").locator(".edited")).to_be_visible()
    expect(chat.composer).to_be_focused()

    press(chat, "Shift+Tab")
    expect(chat.page.locator(".message:focus")).to_contain_text("third")
    press(chat, "ArrowUp", "ArrowUp")
    expect(chat.page.locator(".message:focus")).to_contain_text("first")
    press(chat, "r")
    expect(chat.page.get_by_text("Replying to")).to_be_visible()
    chat.page.keyboard.type("a reply")
    press(chat, "Enter")
    expect(chat.message("a reply").locator(".quote")).to_contain_text("first")

    press(chat, "Shift+Tab", "a")
    expect(chat.page.get_by_label("Search emoji")).to_be_focused()
    chat.page.keyboard.type("rocket")
    press(chat, "Enter")
    expect(chat.message("a reply").locator(".reaction")).to_contain_text("🚀")
    expect(chat.page.locator(".message:focus")).to_contain_text("a reply")
    press(chat, "Delete")
    expect(chat.page.get_by_role("dialog")).to_be_visible()
    press(chat, "Escape")
    expect(chat.page.get_by_role("dialog")).to_have_count(0)
    press(chat, "Delete")
    expect(chat.button("Cancel")).to_be_focused()
    press(chat, "Tab", "Enter")
    expect(chat.page.get_by_text("This message was deleted")).to_be_visible()
    expect(chat.page.get_by_role("dialog")).to_have_count(0)
    press(chat, "Alt+x")
    expect(chat.page.get_by_role("complementary", name="X-ray")).to_be_focused()
    press(chat, "Escape")
    expect(chat.page.get_by_role("complementary", name="X-ray")).to_have_count(0)
    press(chat, "Alt+ArrowDown")
    expect(chat.page.get_by_role("heading", name="Other", level=1)).to_be_visible()


def test_the_x_ray_draws_whatever_the_header_tells(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada).open(room)

    def from_a_later_phase(route: Route) -> None:
        answer = route.fetch()
        timing = 'gateway;dur=9500, app;dur=6000, db;dur=2000;desc="3 queries", cache;desc=hit'
        route.fulfill(response=answer, headers={**answer.headers, "Server-Timing": timing})

    chat.page.route("**/conversations/*/messages", from_a_later_phase)
    chat.send("look inside")
    chat.arrived("look inside")
    chat.do("look inside", "X-ray (X)")
    drawer = chat.page.get_by_role("complementary", name="X-ray")
    expect(drawer).to_contain_text("You sent it with this request.")
    expect(drawer).to_contain_text("gateway → app → db → cache")
    for part in ("round trip", "gateway", "app", "db 3 queries", "send to receipt message.created"):
        expect(drawer.get_by_role("rowheader", name=part)).to_be_visible()
    expect(drawer.locator(".facts")).to_contain_text("hit")
    phase = httpx.get(f"{chat.url}/api/v1/system").json()
    expect(drawer).to_contain_text(f"Phase {phase['phase']} · {phase['title']}")
    expect(drawer.get_by_role("link", name="Lesson")).to_have_attribute("href", "/lesson")
    expect(drawer.get_by_role("link", name="API documents")).to_have_attribute("href", "/api/docs/")
    bars = drawer.locator("tr.outer, tr.inner").locator(".bar-fill").all()
    drawn = [bar.bounding_box() for bar in bars]
    widths = [box["width"] for box in drawn if box]
    assert widths[0] > 20
    assert widths == pytest.approx([widths[0] * dur / 9500 for dur in (9500, 6000, 2000)], rel=0.05)


def test_what_others_send_names_its_request(browsers: Browsers, ada: Person, bob: Person) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada).open(room)
    expect(chat.page.locator(".me .dot.online")).to_be_visible()
    bob.say(room, "from elsewhere")
    chat.do("from elsewhere", "X-ray (X)")
    drawer = chat.page.get_by_role("complementary", name="X-ray")
    expect(drawer).to_contain_text("It came over the socket")
    expect(drawer).to_contain_text("after it happened")


def test_news_are_read_out_and_motion_is_reduced(
    browsers: Browsers, ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    chat = browsers.of(ada, reduced_motion="reduce").open(room)
    expect(chat.page.locator(".me .dot.online")).to_be_visible()
    bob.say(room, "can you hear me?")
    spoken = chat.page.locator("[aria-live=polite].hidden")
    expect(spoken).to_have_text(f"{isolated('Bob Ross')}: can you hear me?")
    durations = "document.getAnimations().map(one => one.effect.getComputedTiming().duration)"
    assert max([*chat.page.evaluate(durations), 0]) <= 1  # ms


def test_text_from_right_to_left_stands_right(browsers: Browsers, ada: Person, bob: Person) -> None:
    room = ada.direct(bob)
    ada.say(room, "مرحبا بالعالم")
    ada.say(room, "*مرحبا* hello")
    ada.say(room, "hello")
    chat = browsers.of(ada).open(room)
    directions = chat.page.eval_on_selector_all(
        ".body", "all => all.map(e => getComputedStyle(e.querySelector('p') || e).direction)"
    )
    assert directions == ["rtl", "rtl", "ltr"]


@pytest.mark.failing_requests
def test_the_lesson_page_renders_the_phase_s_readme(browsers: Browsers, url: str) -> None:
    chat = browsers.tab(browsers.context())
    chat.page.route("**/lesson.md", lambda route: route.fulfill(body=LESSON))
    chat.page.goto(f"{url}/lesson")
    expect(chat.page).to_have_title("Phase nine")
    main = chat.page.get_by_role("main")
    expect(main.get_by_role("link", name="See it")).to_have_attribute("href", "#see-it")
    expect(main.get_by_role("cell", name="2")).to_be_visible()
    expect(main.get_by_role("img", name="picture")).to_have_attribute("src", "/architecture.svg")
    expect(main.get_by_role("link", name="file")).to_have_count(0)
    expect(main.locator("script")).to_have_count(0)
    expect(main.locator("pre")).to_contain_text("./lab up 9")
