"""Who is not a member learns nothing, not even that the conversation exists."""

from typing import Any, NamedTuple

import pytest
from client import Answer, Json, Person, eventually

NO_CONVERSATION = "019ab2c4-0000-7000-8000-000000000000"
NO_MESSAGE = "019ab2c4-0000-7000-8000-000000000001"
THUMB = "%F0%9F%91%8D"
HELLO = {"client_id": "x", "body": "Hello?"}


class Operation(NamedTuple):
    """An operation on a conversation; `{message}` and `{user}` stand for what is in it."""

    method: str
    path: str
    body: Any = None


OPERATIONS = {
    "read": Operation("GET", ""),
    "rename": Operation("PATCH", "", {"name": "Mine now"}),
    "members": Operation("GET", "/members"),
    "add": Operation("POST", "/members", {"user_ids": ["{self}"]}),
    "promote": Operation("PATCH", "/members/{user}", {"role": "admin"}),
    "remove": Operation("DELETE", "/members/{user}"),
    "leave": Operation("DELETE", "/members/{self}"),
    "mark read": Operation("PUT", "/read", {"seq": 1}),
    "history": Operation("GET", "/messages"),
    "older": Operation("GET", "/messages?before=2"),
    "send": Operation("POST", "/messages", HELLO),
    "reply": Operation("POST", "/messages", HELLO | {"reply_to": "{message}"}),
    "message": Operation("GET", "/messages/{message}"),
    "edit": Operation("PATCH", "/messages/{message}", {"body": "Mine now"}),
    "delete": Operation("DELETE", "/messages/{message}"),
    "react": Operation("PUT", f"/messages/{{message}}/reactions/{THUMB}"),
    "unreact": Operation("DELETE", f"/messages/{{message}}/reactions/{THUMB}"),
    "changes": Operation("GET", "/changes?after=0"),
    # An invalid request must not tell either.
    "send nonsense": Operation("POST", "/messages", {"client_id": "", "body": 7}),
    "rename nonsense": Operation("PATCH", "", {"name": ""}),
    "read too far": Operation("PUT", "/read", {"seq": 10**9}),
    "bad cursor": Operation("GET", "/members?cursor=nonsense"),
    "bad emoji": Operation("PUT", "/messages/{message}/reactions/x"),
}


def attempt(person: Person, conversation_id: str, message: str, user: str, what: str) -> Answer:
    operation = OPERATIONS[what]

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            names = {"{message}": message, "{user}": user, "{self}": person.id}
            for name, known in names.items():
                value = value.replace(name, known)
            return value
        if isinstance(value, dict):
            return {key: filled(one) for key, one in value.items()}
        return [filled(one) for one in value] if isinstance(value, list) else value

    return person.call(
        operation.method,
        f"/conversations/{conversation_id}{filled(operation.path)}",
        body=filled(operation.body),
        expect=range(200, 600),
    )


def told(answer: Answer) -> Any:
    """Return all that an answer tells: status, words, and which headers there are."""
    return answer.status, {**answer.json, "request_id": None}, sorted(answer.headers)


@pytest.fixture(scope="module")
def secret(pool: dict[str, Person]) -> Json:
    """A message in a group of Ada and Bob."""
    ada = pool["ada"]
    return ada.send(ada.start_group(pool["bob"])["id"], "A secret")


@pytest.mark.parametrize("what", OPERATIONS)
def test_a_stranger_is_told_what_he_is_told_where_nothing_is(
    ada: Person, dora: Person, secret: Json, what: str
) -> None:
    there = attempt(dora, secret["conversation_id"], secret["id"], ada.id, what)
    not_there = attempt(dora, NO_CONVERSATION, NO_MESSAGE, ada.id, what)
    assert told(there) == told(not_there)
    assert there.status in {404, 422}
    if "nonsense" not in what and "bad" not in what:
        assert there.problem == "not-found"


def test_a_stranger_changed_nothing(ada: Person, bob: Person, dora: Person) -> None:
    group = ada.start_group(bob)
    sent = ada.send(group["id"])
    before = ada.conversation(group["id"])
    for what in OPERATIONS:
        attempt(dora, group["id"], sent["id"], bob.id, what)
    assert ada.conversation(group["id"]) == before
    assert ada.message(sent) == sent


@pytest.mark.parametrize("what", ["read", "history", "send", "message", "edit", "react", "changes"])
def test_who_was_removed_is_a_stranger(ada: Person, cem: Person, group_id: str, what: str) -> None:
    sent = cem.send(group_id, "Still mine?")
    ada.remove(group_id, cem)

    def seen() -> None:
        there = attempt(cem, group_id, sent["id"], ada.id, what)
        not_there = attempt(cem, NO_CONVERSATION, NO_MESSAGE, ada.id, what)
        assert told(there) == told(not_there)

    eventually(seen)


def test_a_direct_conversation_is_of_two(ada: Person, bob: Person, dora: Person) -> None:
    direct = ada.start_direct(bob)["id"]
    dora.conversation(direct, expect=404)
    assert direct not in [one["id"] for one in dora.conversations()]


@pytest.mark.parametrize(
    "conversation_id", ["nonsense", "0", "%00", "..%2F..", "me", "a" * 500, NO_CONVERSATION[:-1]]
)
def test_an_absurd_id_is_nothing(ada: Person, conversation_id: str) -> None:
    for what in ("read", "history", "send", "changes"):
        answer = attempt(ada, conversation_id, NO_MESSAGE, ada.id, what)
        assert (answer.status, answer.problem) == (404, "not-found")


@pytest.mark.short
def test_without_a_login_every_operation_is_refused_alike(ada: Person, secret: Json) -> None:
    nobody = Person(ada.api, "", "", {"access_token": "nonsense", "user_id": ada.id})
    for what in OPERATIONS:
        there = attempt(nobody, secret["conversation_id"], secret["id"], ada.id, what)
        not_there = attempt(nobody, NO_CONVERSATION, NO_MESSAGE, ada.id, what)
        assert there.status == 401, what
        assert told(there) == told(not_there), what


def test_messages_name_people_by_id_alone(ada: Person, secret: Json) -> None:
    group_id = secret["conversation_id"]
    for seen in (ada.history(group_id), ada.conversation(group_id), ada.members(group_id)):
        assert ada.username not in str(seen)
