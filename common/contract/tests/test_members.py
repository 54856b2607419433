"""Groups: who is in, who may do what, and what a newcomer sees."""

from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

import pytest
from client import Answer, Api, Json, Person, eventually

NOBODY = "019ab2c4-0000-7000-8000-000000000000"


def roles(person: Person, group_id: str) -> dict[str, str]:
    return {member["user_id"]: member["role"] for member in person.members(group_id)}


def becomes(person: Person, group_id: str, role: str) -> None:
    """Wait until a person's new role has reached him."""

    def seen() -> None:
        assert person.conversation(group_id)["role"] == role

    eventually(seen)


def is_in(person: Person, group_id: str) -> None:
    eventually(lambda: person.conversation(group_id))


def is_out(person: Person, group_id: str) -> None:
    def seen() -> None:
        assert person.conversation(group_id, expect=(200, 404)).get("status") == 404
        assert group_id not in [one["id"] for one in person.conversations()]

    eventually(seen)


@pytest.fixture
def staffed(ada: Person, bob: Person, cem: Person, group: Json) -> str:
    """A group with an owner (Ada), an admin (Bob) and a member (Cem); its id."""
    ada.set_role(group["id"], bob, "admin")
    becomes(bob, group["id"], "admin")
    return str(group["id"])


# the matrix of roles


class Case(NamedTuple):
    """An attempt, and the status by role of who makes it."""

    attempt: Callable[["Stage"], Answer]
    owner: int
    admin: int
    member: int


class Stage(NamedTuple):
    """A group with somebody in every role; `actor` acts, the others are acted upon."""

    actor: Person
    group_id: str
    owner: Person
    admin: Person
    member: Person
    outsider: Person
    message: Json


ANY = range(200, 600)
HELLO = {"client_id": "matrix", "body": "Hello"}


def on_group(method: str, path: str, body: object = None) -> Callable[["Stage"], Answer]:
    """Return an attempt at the group itself."""
    return lambda s: s.actor.call(
        method, f"/conversations/{s.group_id}{path}", body=body, expect=ANY
    )


def give(whom: str, role: str) -> Callable[["Stage"], Answer]:
    """Return an attempt to give somebody of the stage a role."""
    return lambda s: s.actor.set_role(s.group_id, getattr(s, whom), role, expect=ANY)


def remove(whom: str) -> Callable[["Stage"], Answer]:
    """Return an attempt to remove somebody of the stage."""
    return lambda s: s.actor.remove(s.group_id, getattr(s, whom), expect=ANY)


MATRIX = {
    # what is tried, and the status that the owner, an admin and a member get
    "send": Case(on_group("POST", "/messages", HELLO), 201, 201, 201),
    "read history": Case(on_group("GET", "/messages"), 200, 200, 200),
    "list members": Case(on_group("GET", "/members"), 200, 200, 200),
    "catch up": Case(on_group("GET", "/changes?after=0"), 200, 200, 200),
    "mark read": Case(on_group("PUT", "/read", {"seq": 1}), 200, 200, 200),
    "react": Case(lambda s: s.actor.react(s.message, "👍", expect=ANY), 200, 200, 200),
    "rename": Case(on_group("PATCH", "", {"name": "New"}), 200, 200, 403),
    "add": Case(lambda s: s.actor.add(s.group_id, s.outsider, expect=ANY), 200, 200, 403),
    "delete another's": Case(lambda s: s.actor.delete(s.message, expect=ANY), 200, 200, 403),
    "edit another's": Case(lambda s: s.actor.edit(s.message, "x", expect=ANY), 403, 403, 403),
    "remove a member": Case(remove("member"), 204, 204, 403),
    "remove an admin": Case(remove("admin"), 204, 403, 403),
    "remove the owner": Case(remove("owner"), 204, 403, 403),  # the owner himself: leaving
    "leave": Case(remove("actor"), 204, 204, 204),
    "make an admin": Case(give("member", "admin"), 200, 403, 403),
    "make a member": Case(give("admin", "member"), 200, 403, 403),
    "hand over": Case(give("member", "owner"), 200, 403, 403),
    "demote the owner": Case(give("owner", "member"), 403, 403, 403),
}


@pytest.fixture(scope="module")
def crowd(newcomer: Callable[[], Person]) -> list[Person]:
    """Six people: an owner, two admins, two members, and one who is not in."""
    return [newcomer() for _ in range(6)]


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
@pytest.mark.parametrize("attempt", MATRIX)
def test_roles(crowd: list[Person], attempt: str, role: str) -> None:
    owner, admin, other_admin, member, other_member, outsider = crowd
    group_id = owner.start_group(admin, other_admin, member, other_member)["id"]
    for person in (admin, other_admin):
        owner.set_role(group_id, person, "admin")
        becomes(person, group_id, "admin")
    message = other_member.send(group_id)
    actor = {"owner": owner, "admin": admin, "member": member}[role]
    stage = Stage(actor, group_id, owner, other_admin, other_member, outsider, message)
    expected = getattr(MATRIX[attempt], role)
    assert MATRIX[attempt].attempt(stage).status == expected


# coming and going


def test_members_are_listed_in_order_of_joining(
    ada: Person, bob: Person, cem: Person, dora: Person
) -> None:
    group_id = ada.start_group()["id"]
    for person in (cem, dora, bob):
        ada.add(group_id, person)
    expected = [ada.id, cem.id, dora.id, bob.id]
    assert [member["user_id"] for member in ada.members(group_id)] == expected
    in_pages = list(ada.pages(f"/conversations/{group_id}/members", limit=1))
    assert [member["user_id"] for member in in_pages] == expected
    assert ada.conversation(group_id)["member_count"] == 4


@pytest.mark.short
def test_a_newcomer_sees_the_whole_history_and_what_is_new(
    ada: Person, bob: Person, dora: Person, group_id: str
) -> None:
    ada.send(group_id, "Before")
    deleted = bob.send(group_id, "Gone")
    bob.delete(deleted)
    (added,) = ada.add(group_id, dora).json["items"]
    assert (added["user_id"], added["role"], added["read_seq"]) == (dora.id, "member", 3)
    is_in(dora, group_id)
    assert dora.history(group_id) == ada.history(group_id)
    assert dora.conversation(group_id)["unread_count"] == 1
    notice = dora.history(group_id)[-1]
    assert notice["notice"]["action"] == "members_added"
    assert notice["notice"]["user_ids"] == [dora.id]
    assert notice["sender_id"] == ada.id


def test_adding_who_is_in_changes_nothing(
    ada: Person, bob: Person, dora: Person, staffed: str
) -> None:
    before = ada.conversation(staffed)
    answer = ada.add(staffed, bob, bob)
    assert [(one["user_id"], one["role"]) for one in answer.json["items"]] == [(bob.id, "admin")]
    assert ada.conversation(staffed) == before
    both = ada.add(staffed, dora, bob).json["items"]
    assert {one["user_id"] for one in both} == {bob.id, dora.id}
    assert ada.history(staffed)[-1]["notice"]["user_ids"] == [dora.id]


def test_an_unknown_person_adds_nobody(ada: Person, dora: Person, group_id: str) -> None:
    path = f"/conversations/{group_id}/members"
    body = {"user_ids": [dora.id, NOBODY]}
    assert ada.call("POST", path, body=body, expect=422).fields == {"user_ids.1"}
    assert dora.id not in roles(ada, group_id)


@pytest.mark.parametrize(
    "user_ids", [None, [], "x", [1], ["nonsense"], [f"{NOBODY[:-3]}{n:03x}" for n in range(101)]]
)
def test_adding_out_of_bounds_is_refused(ada: Person, group_id: str, user_ids: object) -> None:
    path = f"/conversations/{group_id}/members"
    fields = ada.call("POST", path, body={"user_ids": user_ids}, expect=422).fields
    assert {field.partition(".")[0] for field in fields} == {"user_ids"}


@pytest.mark.short
def test_who_is_removed_sees_nothing_any_more(
    ada: Person, bob: Person, cem: Person, group_id: str
) -> None:
    sent = cem.send(group_id)
    ada.remove(group_id, cem)
    notice = bob.history(group_id)[-1]
    assert notice["notice"]["action"] == "member_removed"
    assert notice["notice"]["user_ids"] == [cem.id]
    is_out(cem, group_id)
    cem.message(sent, expect=404)
    cem.edit(sent, "Still mine?", expect=404)
    assert ada.conversation(group_id)["member_count"] == 2


def test_who_comes_back_finds_everything(
    ada: Person, bob: Person, cem: Person, group_id: str
) -> None:
    cem.leave(group_id)
    assert bob.history(group_id)[-1]["notice"]["action"] == "member_left"
    is_out(cem, group_id)
    missed = ada.send(group_id, "While away")
    ada.add(group_id, cem)
    is_in(cem, group_id)
    assert missed in cem.history(group_id)
    assert cem.conversation(group_id)["role"] == "member"


def test_who_leaves_is_out_at_once_for_himself(ada: Person, bob: Person, group_id: str) -> None:
    bob.leave(group_id)
    bob.conversation(group_id, expect=404)
    assert group_id not in [one["id"] for one in bob.conversations()]


@pytest.mark.parametrize("user_id", [NOBODY, "nonsense"])
def test_who_is_not_in_cannot_be_removed_or_promoted(
    ada: Person, group_id: str, user_id: str
) -> None:
    path = f"/conversations/{group_id}/members/{user_id}"
    ada.call("DELETE", path, expect=404)
    ada.call("PATCH", path, body={"role": "admin"}, expect=404)


# roles


def test_a_new_role_is_a_notice(ada: Person, bob: Person, staffed: str) -> None:
    notice = bob.history(staffed)[-1]
    assert notice["notice"] == {
        "action": "role_changed",
        "user_ids": [bob.id],
        "name": None,
        "role": "admin",
    }


def test_handing_over_makes_the_giver_an_admin(
    ada: Person, bob: Person, cem: Person, group_id: str
) -> None:
    assert ada.set_role(group_id, cem, "owner").json["role"] == "owner"
    assert ada.conversation(group_id)["role"] == "admin"
    becomes(cem, group_id, "owner")
    assert roles(cem, group_id) == {ada.id: "admin", bob.id: "member", cem.id: "owner"}
    changed = [one["notice"] for one in cem.history(group_id) if one["notice"]]
    assert any(
        (one["action"], one["user_ids"], one["role"]) == ("role_changed", [cem.id], "owner")
        for one in changed
    )
    ada.set_role(group_id, bob, "admin", expect=403)


@pytest.mark.parametrize("role", ["Owner", "king", "", None, 1, ["owner"]])
def test_an_unknown_role_is_refused(ada: Person, bob: Person, group_id: str, role: object) -> None:
    path = f"/conversations/{group_id}/members/{bob.id}"
    assert ada.call("PATCH", path, body={"role": role}, expect=422).fields == {"role"}


def test_an_owner_who_leaves_is_followed_by_the_longest_serving_admin(
    ada: Person, bob: Person, cem: Person, dora: Person
) -> None:
    group_id = ada.start_group()["id"]
    for person in (bob, cem, dora):
        ada.add(group_id, person)
    for person in (dora, cem):
        ada.set_role(group_id, person, "admin")
    ada.leave(group_id)
    becomes(cem, group_id, "owner")
    assert roles(cem, group_id) == {bob.id: "member", cem.id: "owner", dora.id: "admin"}


def test_without_an_admin_the_longest_serving_member_follows(
    ada: Person, bob: Person, cem: Person
) -> None:
    group_id = ada.start_group()["id"]
    ada.add(group_id, cem)
    ada.add(group_id, bob)
    ada.leave(group_id)
    becomes(cem, group_id, "owner")


def test_the_last_one_can_leave(ada: Person) -> None:
    group_id = ada.start_group()["id"]
    ada.leave(group_id)
    ada.conversation(group_id, expect=404)


# the limit of a group


@pytest.fixture(scope="module")
def everybody(api: Api, pool: dict[str, Person], newcomer: Callable[[], Person]) -> list[str]:
    """The ids of 251 people: those whom the system knows already, and newcomers for the rest."""
    ada = pool["ada"]
    found = {ada.id}
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        for profile in islice(ada.pages("/profiles/search", q=letter, limit=100), 251):
            found.add(profile["id"])
    while len(found) < 251:
        found.add(newcomer().id)
    found.remove(ada.id)
    return sorted(found)[:250]


def test_a_group_holds_250_people(ada: Person, everybody: list[str]) -> None:
    group_id = ada.start_group()["id"]
    path = f"/conversations/{group_id}/members"
    for batch in (everybody[:100], everybody[100:200], everybody[200:248]):
        ada.call("POST", path, body={"user_ids": batch})
    assert ada.conversation(group_id)["member_count"] == 249
    answer = ada.call("POST", path, body={"user_ids": everybody[248:250]}, expect=409)
    assert answer.problem == "group-full"
    assert ada.conversation(group_id)["member_count"] == 249, "nobody was added"
    ada.call("POST", path, body={"user_ids": everybody[248:249]})
    assert ada.conversation(group_id)["member_count"] == 250
    assert len(ada.members(group_id)) == 250
    ada.call("POST", path, body={"user_ids": everybody[249:250]}, expect=409)
    ada.call("POST", path, body={"user_ids": everybody[:100]})
