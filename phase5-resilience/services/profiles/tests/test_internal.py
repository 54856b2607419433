"""What other services may ask of profiles, and what becomes of somebody who is gone."""

from typing import Any

from fake_auth import fake_auth
from flask import Flask
from flask.testing import FlaskClient
from playing import Somebody, inside, told
from redises import RedisServer, outcome
from waiting import wait_for

from chassis.ids import new_id

ASKED = [
    ("PUT", "/profiles/{}", "profiles:create"),
    ("GET", "/profiles/{}", "profiles:read"),
    ("DELETE", "/profiles/{}?username=deleted-1", "profiles:erase"),
    ("GET", "/people?ids={}", "people:read"),
    ("GET", "/people/all", "people:read"),
]


def _people(client: FlaskClient, path: str) -> list[Any]:
    answer = inside(client, "GET", path, "people:read")
    assert answer.status_code == 200, answer.text
    return list((answer.json or {})["items"])


def _erase(client: FlaskClient, user_id: str, username: str) -> int:
    path = f"/profiles/{user_id}?username={username}"
    return inside(client, "DELETE", path, "profiles:erase").status_code


def test_every_route_takes_its_own_scope_and_no_persons_token(
    app: Flask, client: FlaskClient
) -> None:
    ann = Somebody(app)
    scopes = {scope for _, _, scope in ASKED}
    for method, path, scope in ASKED:
        place = path.format(ann.id)
        assert inside(client, method, place).status_code == 401, place
        for token in (ann.tokens["access_token"], fake_auth().token(scope, "chat")):
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.open(
                place, method=method, headers=headers, base_url="http://127.0.0.1:9001"
            )
            assert answer.status_code == 401, place
        for other in scopes - {scope}:
            assert inside(client, method, place, other).status_code == 403, (place, other)
        headers = {"Authorization": f"Bearer {fake_auth().token(scope, 'profiles')}"}
        assert client.open(place, method=method, headers=headers).status_code == 404, place


def test_who_is_in_doubt_asks_for_some_and_who_begins_anew_for_all(
    app: Flask, client: FlaskClient
) -> None:
    people = sorted((Somebody(app) for _ in range(5)), key=lambda one: one.id)
    people[0].rename("New")
    ids = [one.id for one in people]
    (first,) = _people(client, f"/people?ids={ids[0]},{new_id()}")
    assert (first["user_id"], first["display_name"], first["version"]) == (ids[0], "New", 2)
    assert first["deleted"] is False
    page = _people(client, "/people/all?limit=3")
    rest = _people(client, f"/people/all?limit=3&after={page[-1]['user_id']}")
    assert [one["user_id"] for one in page + rest] == ids
    assert _people(client, f"/people/all?after={ids[-1]}") == []
    assert inside(client, "GET", "/people/all?limit=0", "people:read").status_code == 422


def test_each_change_has_a_version_of_its_own_and_is_told_of(app: Flask) -> None:
    ann = Somebody(app)
    ann.rename("One")
    ann.do("PATCH", "/me", {"bio": "of old"})
    assert [(one["version"], one["display_name"]) for one in told(app)] == [
        (1, "P"),
        (2, "One"),
        (3, "One"),
    ]


def test_somebody_who_is_gone_is_shown_as_that_and_found_by_nobody(
    app: Flask, client: FlaskClient
) -> None:
    ann, ben = Somebody(app, username="ann", display_name="Ann"), Somebody(app)
    ann.do("PATCH", "/me", {"bio": "secret"})
    for _ in range(2):
        assert _erase(client, ann.id, "deleted-1") == 200
    shown = ben.do("GET", f"/{ann.id}")
    assert (shown["username"], shown["display_name"]) == ("deleted-1", "Deleted account")
    assert shown["bio"] == ""
    assert ben.do("GET", "/search?q=ann")["items"] == []
    assert ben.do("GET", "/search?q=deleted")["items"] == []
    assert [(one["version"], one["deleted"]) for one in told(app) if one["user_id"] == ann.id] == [
        *((1, False), (2, False)),
        (3, True),
    ]
    assert _erase(client, ann.id, "deleted-2") == 200, "the deletion began anew"
    assert ben.do("GET", f"/{ann.id}")["username"] == "deleted-2"


def test_who_is_gone_before_they_had_a_profile_gets_no_other_one(
    app: Flask, client: FlaskClient
) -> None:
    user_id = new_id()
    assert _erase(client, user_id, "deleted-1") == 200
    said = {"username": "zoe", "display_name": "Zoë"}
    assert inside(client, "PUT", f"/profiles/{user_id}", "profiles:create", said).status_code == 204
    assert Somebody(app).name(user_id) == "Deleted account"
    assert [one["deleted"] for one in told(app) if one["user_id"] == user_id] == [True]


def test_who_is_gone_is_out_of_the_cache_each_time_that_is_asked(
    cached: Flask, redis: RedisServer
) -> None:
    ann, ben, client = Somebody(cached), Somebody(cached), cached.test_client()
    for _ in range(2):
        wait_for(lambda: outcome(ben.ask("GET", f"/{ann.id}")) == "hit")
        assert redis.stored(f"*:profile:{ann.id}")
        assert _erase(client, ann.id, "deleted-1") == 200
        assert not redis.stored(f"*:profile:{ann.id}")
        assert ben.name(ann.id) == "Deleted account"


def test_a_profile_is_handed_out_for_its_owners_export(app: Flask, client: FlaskClient) -> None:
    ann = Somebody(app)
    given = inside(client, "GET", f"/profiles/{ann.id}", "profiles:read").json
    assert given == {"items": [ann.do("GET", "/me")]}
    none = inside(client, "GET", f"/profiles/{new_id()}", "profiles:read").json
    assert none == {"items": []}
