"""Text that looks like nothing, or like something else, is drawn harmlessly.

The server may refuse such names, so the browser is told them by a server that does not: what was
stored under an innocent word is replaced on its way to the page.
"""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from web_support.browsers import Browsers, Chat
from web_support.people import Person

RLO, PDI, FSI, ZWSP = "\u202e", "\u2069", "\u2068", "\u200b"
TURNED = f"Eve{PDI}{RLO} sdrawkcab"
STACKED = "Z" + "\u0300\u0301\u0302\u030a" * 200 + "algo"
BOXES = """(element, [first, last]) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const boxes = [first, last].map(char => {
        for (walker.currentNode = element; walker.nextNode();) {
            const at = walker.currentNode.data.lastIndexOf(char);
            if (at < 0) continue;
            const range = document.createRange();
            range.setStart(walker.currentNode, at);
            range.setEnd(walker.currentNode, at + 1);
            return range.getBoundingClientRect().left;
        }
    });
    return boxes;
}"""


def tell(page: Page, lies: dict[str, str]) -> None:
    """Replace words in everything that the page reads from the API."""
    written = {word: json.dumps(lie)[1:-1] for word, lie in lies.items()}

    def answer(route: Route) -> None:
        response = route.fetch()
        text = response.text()
        for word, lie in written.items():
            text = text.replace(word, lie)
        route.fulfill(response=response, body=text)

    page.route("**/api/v1/**", answer)


@pytest.fixture
def lied_to(browsers: Browsers, ada: Person) -> Callable[..., Chat]:
    def make(lies: dict[str, str], room: str | None = None) -> Chat:
        chat = browsers.of(ada)
        tell(chat.page, lies)
        return chat.open(room)

    return make


def runs_forward(locator: Locator, first: str, last: str) -> bool:
    """Tell whether one character is drawn to the left of another."""
    left, right = locator.evaluate(BOXES, [first, last])
    return bool(left < right)


def test_a_name_turns_no_word_but_its_own(
    lied_to: Callable[..., Chat], ada: Person, make_person: Callable[[str], Person]
) -> None:
    eve = make_person("Innocent")
    room = eve.group("Plain group", [ada])
    eve.say(room, "abc xyz")
    chat = lied_to({"Innocent": TURNED}, room)
    expect(chat.item("Plain group").locator(".item-preview")).to_contain_text("abc")
    assert runs_forward(chat.item("Plain group").locator(".item-preview"), "a", "z")
    notice = chat.page.locator(".notice").first
    expect(notice).to_contain_text("Eve")
    assert runs_forward(notice, "c", "”")
    chat.do("abc xyz", "Reply (R)")
    chat.button("Details and members").click()
    expect(chat.page.locator(".members li")).to_have_count(2)
    for name in chat.page.get_by_text("sdrawkcab").all():
        assert RLO not in name.inner_text()
        assert runs_forward(name, "s", "b")


def test_in_labels_a_name_is_isolated_and_steers_nothing(
    lied_to: Callable[..., Chat], ada: Person, make_person: Callable[[str], Person]
) -> None:
    eve = make_person("Innocent")
    room = ada.direct(eve)
    first = ada.say(room, "a question")
    eve.say(room, f"an answer{RLO}", first["id"])
    ada.say(room, "thanks", eve.say(room, "sure")["id"])
    chat = lied_to({"Innocent": TURNED}, room)
    expect(chat.page.locator(".quote")).to_have_count(2)
    labels = chat.page.evaluate(
        """() => [...document.querySelectorAll('[aria-label], [title], [placeholder]')]
            .flatMap(one => [one.ariaLabel, one.title, one.placeholder]).filter(Boolean)"""
    )
    named = [one for one in labels if "Eve" in one]
    assert len(named) >= 3
    for label in named:
        assert RLO not in label
        assert label.count(FSI) == label.count(PDI)
        assert label.startswith("Eve") or FSI in label  # alone, or isolated


def test_a_name_that_nobody_sees_is_replaced_by_one_that_can_be_seen(
    lied_to: Callable[..., Chat], ada: Person, make_person: Callable[[str], Person]
) -> None:
    eve = make_person("Innocent")
    ada.direct(eve)
    room = ada.group("Harmless", [eve])
    eve.say(room, "who is this?")
    chat = lied_to({"Innocent": f"{ZWSP}\u3164\u2060", "Harmless": f"{RLO}{ZWSP}"}, room)
    expect(chat.page.locator(".message .author")).to_have_text(f"@{eve.username}")
    expect(chat.item(f"@{eve.username}")).to_be_visible()
    expect(chat.page.locator(".title h1")).to_have_text("Group without a name")


def test_marks_are_drawn_over_no_other_message(
    lied_to: Callable[..., Chat], ada: Person, make_person: Callable[[str], Person]
) -> None:
    """What the browser paints of the message above is the same with and without the marks."""
    eve = make_person("Innocent")
    room = ada.group("Plain group", [eve])
    ada.say(room, "the message above")
    eve.say(room, "STACK")
    ada.say(room, "the message below")
    pictures = []
    for lies in ({"STACK": "Zalgo", "Innocent": "Zalgo"}, {"STACK": STACKED, "Innocent": STACKED}):
        chat = lied_to(lies, room)
        chat.arrived("the message below")
        chat.page.wait_for_load_state("networkidle")
        chat.page.mouse.move(0, 0)
        pictures.append(
            [
                chat.message(f"the message {place}")
                .locator(".body")
                .screenshot(animations="disabled")
                for place in ("above", "below")
            ]
        )
    assert pictures[0] == pictures[1]


LINKS = {
    # as written: what is shown
    f"https://example.org/{RLO}gpj.exe": "https://example.org/%E2%80%AEgpj.exe",
    f"https://example.org/a{ZWSP}b": "https://example.org/a%E2%80%8Bb",
    "https://www.\u0430pple.example/": "https://www.xn--pple-43d.example/",
    "https://bank.example@evil.example/": "https://evil.example/",
    "[https://bank.example](https://evil.example/x)": "https://evil.example/x",
    "[bank.example](https://evil.example)": "https://evil.example/",
    "[click here](https://evil.example/x)": "click here (evil.example)",
    f"[click{PDI}{RLO} here](https://evil.example/x)": "https://evil.example/x",
    "https://example.org/notes?a=1#b": "https://example.org/notes?a=1#b",
    "www.example.org/x": "www.example.org/x",
    "https://example.org/wiki/Käse/हिन्दी": "https://example.org/wiki/Käse/हिन्दी",
    "me@example.org": "me@example.org",
}


@pytest.mark.parametrize(("written", "shown"), LINKS.items(), ids=range(len(LINKS)))
def test_a_link_shows_where_it_leads(
    lied_to: Callable[..., Chat], ada: Person, bob: Person, written: str, shown: str
) -> None:
    room = ada.direct(bob)
    bob.say(room, "before LINK after")
    link = lied_to({"LINK": written}, room).page.locator(".body a")
    expect(link).to_have_text(shown)
    assert runs_forward(link, shown[0], shown[-1]) or shown[0] == shown[-1]


def test_what_leads_nowhere_is_no_link(
    lied_to: Callable[..., Chat], ada: Person, bob: Person
) -> None:
    room = ada.direct(bob)
    bob.say(room, "before LINK after")
    chat = lied_to({"LINK": "[x](http://[) [y](javascript:alert(1)) *done*"}, room)
    expect(chat.page.locator(".body em")).to_have_text("done")
    expect(chat.page.locator(".body a")).to_have_count(0)
