"""Profiles: reading one or many, editing one's own, finding people."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from client import Api, Json, Person, eventually

NOBODY = "019ab2c4-0000-7000-8000-000000000000"


def test_anybody_reads_anybodys_profile(ada: Person, dora: Person) -> None:
    assert dora.profile(ada.id) == ada.profile()


def test_editing_keeps_what_is_left_out(newcomer: Callable[[], Person]) -> None:
    person = newcomer()
    before = person.profile()
    after = person.edit_profile(bio="Notes on the engine.\nSecond line")
    assert after["bio"] == "Notes on the engine.\nSecond line"
    assert after["display_name"] == before["display_name"]
    assert after["updated_at"] >= before["updated_at"]
    assert after["created_at"] == before["created_at"]
    assert person.profile() == after


@pytest.mark.short
def test_others_see_an_edited_profile_within_the_bound(
    newcomer: Callable[[], Person], ada: Person
) -> None:
    person = newcomer()
    ada.profile(person.id)
    person.edit_profile(display_name="Grace H.")

    def seen() -> None:
        assert ada.profile(person.id)["display_name"] == "Grace H."
        batch = ada.call("GET", "/profiles", params={"ids": person.id}).json["items"]
        assert batch[0]["display_name"] == "Grace H."

    eventually(seen)


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"display_name": " \t "}, "display_name"),
        ({"display_name": "x" * 65}, "display_name"),
        ({"display_name": None}, "display_name"),
        ({"display_name": 7}, "display_name"),
        ({"bio": "x" * 501}, "bio"),
        ({"bio": "bell\a"}, "bio"),
        ({"bio": None}, "bio"),
        ({"username": "other"}, "username"),
        ({"bio": "fine", "id": NOBODY}, "id"),
    ],
)
def test_editing_refuses_what_is_out_of_bounds(ada: Person, edit: Json, field: str) -> None:
    before = ada.profile()
    answer = ada.call("PATCH", "/profiles/me", body=edit, expect=422)
    assert answer.fields == {field}
    assert ada.profile() == before


def test_editing_nothing_is_refused(ada: Person) -> None:
    assert ada.call("PATCH", "/profiles/me", body={}, expect=422).problem == "invalid-request"


def test_bounds_of_a_profile_are_inclusive(newcomer: Callable[[], Person]) -> None:
    person = newcomer()
    edited = person.edit_profile(display_name="ñ" * 64, bio="\U0001d4b3" * 500)
    assert (edited["display_name"], edited["bio"]) == ("ñ" * 64, "\U0001d4b3" * 500)
    assert person.edit_profile(bio="")["bio"] == ""


@pytest.mark.parametrize("user_id", [NOBODY, "nonsense", "0", "me2", "%00", "a" * 300])
def test_nobody_has_no_profile(ada: Person, user_id: str) -> None:
    assert ada.call("GET", f"/profiles/{user_id}", expect=404).problem == "not-found"


@pytest.mark.short
def test_a_batch_keeps_the_order_and_leaves_out_the_unknown(
    ada: Person, bob: Person, cem: Person
) -> None:
    ids = [cem.id, NOBODY, ada.id, cem.id, str(uuid4()).replace("-4", "-7", 1), bob.id]
    ids = [one for one in ids if one[14] == "7"]
    items = ada.call("GET", "/profiles", params={"ids": ",".join(ids)}).json["items"]
    assert [item["id"] for item in items] == [cem.id, ada.id, bob.id]


def test_a_batch_has_a_limit(ada: Person) -> None:
    ids = [f"{NOBODY[:-3]}{number:03x}" for number in range(101)]
    assert ada.call("GET", "/profiles", params={"ids": ",".join(ids[:100])}).json["items"] == []
    ada.call("GET", "/profiles", params={"ids": ",".join(ids)}, expect=422)


@pytest.mark.parametrize("ids", [None, "", ",", "nonsense", f"{NOBODY},", f"{NOBODY};{NOBODY}"])
def test_a_batch_of_what_is_no_id_is_refused(ada: Person, ids: str | None) -> None:
    params = {} if ids is None else {"ids": ids}
    fields = ada.call("GET", "/profiles", params=params, expect=422).fields
    assert {field.partition(".")[0] for field in fields} == {"ids"}


@pytest.fixture(scope="module")
def crew(api: Api, run_id: str) -> dict[str, Person]:
    """People with names to be found by; the run's id keeps others out of the results."""
    names = {
        f"q{run_id}-a": f"Grace Hopper {run_id}",
        f"q{run_id}-b": f"grace Kelly {run_id}",
        f"q{run_id}-c": f"Ägidius Grün {run_id}",
    }
    return {username: Person.register(api, username, name) for username, name in names.items()}


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("grace {id}", "ab"),
        ("GRACE {id}", "ab"),
        ("{id} hop", "a"),
        ("gr {id}", "abc"),
        ("race {id}", ""),
        ("ägi {id}", "c"),
        ("ÄGI {id}", "c"),
        ("q{id}", "abc"),
        ("Q{id}-b", "b"),
        ("grace kelly {id} x", ""),
        ("  kel   {id}  ", "b"),
        ("% {id}", ""),
        ("_race {id}", ""),
        ("' OR 1=1 -- {id}", ""),
    ],
)
def test_search_finds_by_the_beginning_of_words(
    ada: Person, crew: dict[str, Person], run_id: str, q: str, found: str
) -> None:
    expected = [f"q{run_id}-{letter}" for letter in found]

    def seen() -> None:
        usernames = [profile["username"] for profile in ada.search(q.format(id=run_id))]
        assert usernames == expected

    eventually(seen)


def test_search_pages_are_in_order_and_complete(
    ada: Person, crew: dict[str, Person], run_id: str
) -> None:
    def seen() -> None:
        found = list(ada.pages("/profiles/search", q=f"q{run_id}", limit=1))
        assert [profile["username"] for profile in found] == sorted(crew)

    eventually(seen)


@pytest.mark.short
def test_search_follows_a_new_name(
    ada: Person, newcomer: Callable[[], Person], run_id: str
) -> None:
    person = newcomer()
    person.edit_profile(display_name=f"Renamed z{run_id}")

    def seen() -> None:
        assert [one["id"] for one in ada.search(f"z{run_id}")] == [person.id]

    eventually(seen)


@pytest.mark.parametrize("q", [None, "", "   ", "x" * 101, "nul\0"])
def test_search_needs_words(ada: Person, q: str | None) -> None:
    params = {} if q is None else {"q": q}
    assert ada.call("GET", "/profiles/search", params=params, expect=422).fields == {"q"}
