"""Roles, and what they allow: removing messages, suspending accounts, and the trail of it."""

from collections.abc import Callable

import pytest
from client import Api, Json, Person, Socket, eventually

pytestmark = pytest.mark.capability("moderation")

MODERATION = "/moderation"
WHY = {"reason": "for a test"}
Newcomer = Callable[[], Person]
Open = Callable[[Person], Socket]


@pytest.fixture
def moderator(admin: Person, newcomer: Newcomer) -> Person:
    """Somebody whom the admin has made a moderator, with a token that says so."""
    person = newcomer()
    give_role(admin, person, "moderator")
    person.tokens = person.refresh().json
    assert person.tokens["roles"] == ["moderator"]
    return person


def give_role(admin: Person, person: Person, role: str, expect: int = 200) -> Json:
    path = f"{MODERATION}/roles/{person.id}"
    return dict(admin.call("PUT", path, body={"role": role, **WHY}, expect=expect).json)


def suspend(by: Person, person: Person, expect: int = 200) -> Json:
    path = f"{MODERATION}/suspensions/{person.id}"
    return dict(by.call("PUT", path, body=WHY, expect=expect).json)


def restore(by: Person, person: Person) -> None:
    by.call("PUT", f"{MODERATION}/restorations/{person.id}", body=WHY)


def remove(by: Person, message: Json, expect: int = 201) -> Json:
    body = {"conversation_id": message["conversation_id"], "message_id": message["id"], **WHY}
    return dict(by.call("POST", f"{MODERATION}/removals", body=body, expect=expect).json)


def trail(by: Person) -> list[Json]:
    return list(by.pages(f"{MODERATION}/actions", limit=100))


def test_members_moderate_nothing(ada: Person, bob: Person, group_id: str) -> None:
    message = ada.send(group_id)
    assert ada.login().tokens["roles"] == ["member"]
    remove(bob, message, expect=403)
    suspend(bob, ada, expect=403)
    give_role(bob, bob, "admin", expect=403)
    assert bob.call("GET", f"{MODERATION}/actions", expect=403).problem == "forbidden"
    assert bob.message(message)["body"] == message["body"]


def test_without_a_login_nothing_is_told(api: Api, ada: Person) -> None:
    for method, path in (
        ("GET", "actions"),
        ("POST", "removals"),
        ("PUT", f"suspensions/{ada.id}"),
        ("PUT", f"roles/{ada.id}"),
    ):
        answer = api.call(method, f"/api/v1{MODERATION}/{path}", body={}, expect=401)
        assert answer.problem == "unauthenticated"


def test_a_removed_message_is_a_tombstone_for_all(
    moderator: Person, ada: Person, bob: Person, group_id: str, open_socket: Open
) -> None:
    socket = open_socket(bob)
    message = ada.send(group_id)
    ada.react(message, "\N{THUMBS UP SIGN}")
    action = remove(moderator, message)
    assert (action["action"], action["user_id"]) == ("remove-message", ada.id)
    for member in (ada, bob):
        gone = member.message(message)
        assert (gone["body"], gone["reactions"]) == (None, [])
        assert gone["deleted_at"] is not None
    told = socket.wait_for_message("message.deleted", message["id"])
    assert told["rev"] == ada.conversation(group_id)["rev"]
    again = remove(moderator, message)
    assert again["id"] != action["id"]
    assert ada.message(message)["rev"] == gone["rev"]
    moderator.call("GET", f"/conversations/{group_id}", expect=404)


def test_what_is_not_there_is_not_removed(moderator: Person, ada: Person, group_id: str) -> None:
    message = ada.send(group_id)
    notice = next(one for one in ada.history(group_id) if one["kind"] == "notice")
    remove(moderator, message | {"id": group_id}, expect=404)
    remove(moderator, message | {"conversation_id": moderator.id}, expect=404)
    remove(moderator, notice, expect=403)


def test_a_suspension_ends_logins_and_sockets_and_lets_nobody_in(
    moderator: Person, newcomer: Newcomer, open_socket: Open, api: Api
) -> None:
    person = newcomer()
    devices = [person, person.login()]
    socket = open_socket(person)
    suspend(moderator, person)
    for device in devices:
        eventually(lambda device=device: device.call("GET", "/profiles/me", expect=401))  # type: ignore[misc]
        device.refresh(expect=401)
    socket.wait_closed()
    body = {"username": person.username, "password": person.password}
    refused = api.call("POST", "/api/v1/auth/login", body=body, expect=403)
    assert refused.problem == "account-suspended"
    wrong = api.call("POST", "/api/v1/auth/login", body=body | {"password": "wrong"}, expect=401)
    assert wrong.problem == "invalid-credentials"
    restore(moderator, person)
    assert person.login().profile()["id"] == person.id


def test_nobody_moderates_their_own_or_a_higher_rank(
    admin: Person, moderator: Person, newcomer: Newcomer
) -> None:
    other = newcomer()
    give_role(admin, other, "moderator")
    for person in (admin, other, moderator):
        suspend(moderator, person, expect=403)
    suspend(admin, admin, expect=403)
    suspend(admin, other)
    give_role(moderator, newcomer(), "moderator", expect=403)


def test_a_role_that_was_taken_away_is_worth_nothing_at_once(
    admin: Person, moderator: Person, ada: Person, group_id: str
) -> None:
    message = ada.send(group_id)
    give_role(admin, moderator, "member")
    assert moderator.tokens["roles"] == ["moderator"], "its token says so yet"
    remove(moderator, message, expect=403)
    moderator.call("GET", f"{MODERATION}/actions", expect=403)


def test_the_trail_keeps_everything_in_order(
    moderator: Person, ada: Person, newcomer: Newcomer, group_id: str
) -> None:
    person = newcomer()
    before = [action["id"] for action in trail(moderator)]
    done = [remove(moderator, ada.send(group_id)), suspend(moderator, person)]
    restore(moderator, person)
    new = [action for action in trail(moderator) if action["id"] not in before]
    mine = [action for action in new if action["actor_id"] == moderator.id]
    assert [one["action"] for one in mine] == ["restore", "suspend", "remove-message"]
    assert mine[1:] == done[::-1]
    assert all(action["reason"] == WHY["reason"] for action in mine)


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "two\nlines", None, 1])
def test_a_reason_must_be_given(moderator: Person, newcomer: Newcomer, reason: object) -> None:
    path = f"{MODERATION}/suspensions/{newcomer().id}"
    assert moderator.call("PUT", path, body={"reason": reason}, expect=422).fields == {"reason"}


def test_who_does_not_exist_is_not_suspended(moderator: Person, group_id: str) -> None:
    for nobody in (group_id, "nonsense"):
        path = f"{MODERATION}/suspensions/{nobody}"
        moderator.call("PUT", path, body=WHY, expect=404)
