"""The dialog of admins for what was put aside. Phase 0 has none: its answers are made up."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from web_support.browsers import Browsers, Chat
from web_support.people import Person

LETTER = {
    "id": "4d1c6a0e-0e6f-5b7c-9d1a-2b3c4d5e6f70",
    "queue": "notifications",
    "reason": "Transient: <b>the mail server</b> does not answer",
    "attempts": 10,
    "first_failed_at": "2026-11-23T21:00:00.123Z",
    "event_id": "019ab2ca-0001-7a17-8288-718293a4b5c6",
    "type": "conversation.message.created",
    "request_id": "019ab2ca-0001-7a17-8288-718293a4b5c6",
}


class Later:
    """Answers as a phase that has dead letters does; notes what was asked of it."""

    def __init__(self, page: Page) -> None:
        self.letters = [LETTER, LETTER | {"id": LETTER["queue"], "type": None, "attempts": 0}]
        self.asked: list[str] = []
        page.route("**/api/v1/system", self._with_capability)
        page.route("**/api/v1/dead-letters**", self._answer)
        page.route("**/api/v1/dead-letters/**", self._answer)

    def _with_capability(self, route: Route) -> None:
        answer = route.fetch()
        document: dict[str, Any] = answer.json()
        document["capabilities"].append("dead-letters")
        route.fulfill(response=answer, json=document)

    def _answer(self, route: Route) -> None:
        request, path = route.request, route.request.url.partition("/api/v1")[2]
        self.asked.append(f"{request.method} {path}")
        if request.method == "GET":
            route.fulfill(json={"items": self.letters})
            return
        self.letters = [one for one in self.letters if str(one["id"]) not in path]
        route.fulfill(status=204)


def open_as(browsers: Browsers, person: Person, role: str) -> tuple[Chat, Later]:
    tokens = person.log_in() | {"roles": ["member", role]}
    chat = browsers.tab(browsers.context(tokens))
    later = Later(chat.page)
    chat.open()
    chat.button("Your profile and settings").click()
    expect(chat.page.get_by_role("button", name="Log out", exact=True)).to_be_visible()
    return chat, later


def test_an_admin_replays_one_and_drops_another_after_a_second_look(
    browsers: Browsers, ada: Person
) -> None:
    chat, later = open_as(browsers, ada, "admin")
    chat.button("Dead letters").click()
    dialog = chat.page.get_by_role("dialog", name="Dead letters")
    letters = dialog.get_by_role("listitem")
    expect(letters).to_have_count(2)
    expect(letters.first).to_contain_text(
        "notifications · conversation.message.created · 10 attempts"
    )
    expect(letters.first).to_contain_text("<b>the mail server</b>")
    letters.first.get_by_role("button", name="Replay").click()
    expect(letters).to_have_count(1)
    letters.get_by_role("button", name="Drop…").click()
    assert [one for one in later.asked if one.startswith("DELETE")] == []
    letters.get_by_role("button", name="Drop it for good").click()
    expect(dialog).to_contain_text("There are none.")
    changes = [one for one in later.asked if not one.startswith("GET")]
    assert changes == [
        f"POST /dead-letters/{LETTER['id']}/replay",
        f"DELETE /dead-letters/{LETTER['queue']}",
    ]


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_nobody_else_is_offered_it(browsers: Browsers, ada: Person, role: str) -> None:
    chat, _ = open_as(browsers, ada, role)
    expect(chat.button("Dead letters")).to_have_count(0)
    assert json.loads(chat.page.evaluate("localStorage['chat.session']"))["roles"]
