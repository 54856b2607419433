"""What other services may ask auth: with a token for it, for that, and in whose name."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from playing import Person, ask_token, inside, service_token
from sqlalchemy import select, update

from auth.clients import Clients, Issuer
from auth.models import Account
from chassis import services
from chassis.database import Database
from chassis.errors import Unauthenticated
from chassis.service_tokens import LIFE


def _promote(app: Flask, person: Person, role: str) -> None:
    with services.of(app).get(Database).write() as work:
        changed = update(Account).where(Account.id == person.id).values(role=role)
        work.connection.execute(changed)


def _suspended(app: Flask, person: Person) -> bool:
    with services.of(app).get(Database).read() as connection:
        asked = select(Account.suspended_at).where(Account.id == person.id)
        return connection.scalar(asked) is not None


def test_a_service_token_says_who_may_ask_whom_for_what(client: FlaskClient) -> None:
    claims = jwt.decode(service_token(client, "accounts:read"), options={"verify_signature": False})
    assert (claims["sub"], claims["aud"], claims["scope"]) == ("chat", "auth", "accounts:read")
    assert "act" not in claims
    assert 0 < claims["exp"] - time.time() <= LIFE


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"secret": "guessed"}, 401),
        ({"secret": ""}, 401),
        ({"name": "nobody"}, 401),
        ({"name": "auth"}, 401),
        ({"name": "../client-chat"}, 401),
        ({"scope": "profiles:create"}, 403),
        ({"scope": "accounts:read profiles:create"}, 403),
        ({"scope": ""}, 403),
        ({"audience": "chat"}, 403),
        ({"audience": "gateway"}, 403),
        ({"grant_type": "password"}, 422),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}, 422),
    ],
)
def test_no_token_is_given_for_anything_else(
    client: FlaskClient, changed: dict[str, str], status: int
) -> None:
    assert ask_token(client, **changed).status_code == status


def test_a_secret_is_replaced_while_this_runs(tmp_path: Path) -> None:
    clients, file = Clients(tmp_path), tmp_path / "client-chat"
    old, new = "Basic Y2hhdDpvbGQ=", "Basic Y2hhdDpuZXc="
    for written, good in (("old", {old}), ("new\nold", {old, new}), ("new", {new})):
        file.write_text(written)
        for shown in (old, new):
            if shown in good:
                assert clients.client(shown) == "chat"
            else:
                with pytest.raises(Unauthenticated):
                    clients.client(shown)


def test_an_exchanged_token_acts_for_a_person_with_the_role_they_have_now(
    app: Flask, client: FlaskClient
) -> None:
    ann = Person(client, "ann")
    _promote(app, ann, "moderator")
    token = service_token(client, "accounts:moderate", ann)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["sub"], claims["act"]) == (ann.id, {"sub": "chat"})
    assert claims["roles"] == ["moderator"]


@pytest.mark.parametrize("said", ["", "v1.e30.x", "a person's access token"])
def test_nothing_is_exchanged_but_what_the_gateway_says(client: FlaskClient, said: str) -> None:
    ann = Person(client, "ann")
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": said or ann.tokens["access_token"],
        "subject_token_type": "urn:chat:identity",
    }
    assert ask_token(client, scope="accounts:moderate", **exchange).status_code == 401


def test_nobody_acts_for_an_account_that_is_closed(client: FlaskClient) -> None:
    ann = Person(client, "ann")
    close = service_token(client, "accounts:close")
    assert inside(client, "PUT", f"/accounts/{ann.id}/closure", close).status_code == 204
    with pytest.raises(AssertionError, match="closed"):
        service_token(client, "accounts:moderate", ann)


def test_only_who_has_the_role_suspends_and_only_who_has_a_lower_one(
    app: Flask, client: FlaskClient
) -> None:
    ann, bob, eve = (Person(client, name) for name in ("ann", "bob", "eve"))
    _promote(app, ann, "moderator")
    _promote(app, eve, "admin")

    def suspend(actor: Person, person: Person) -> int:
        token = service_token(client, "accounts:moderate", actor)
        path = f"/accounts/{person.id}/suspension"
        return inside(client, "PUT", path, token).status_code

    assert (suspend(bob, ann), suspend(ann, eve)) == (403, 403)
    assert not _suspended(app, ann)
    assert suspend(ann, bob) == 204
    assert _suspended(app, bob)
    token = service_token(client, "accounts:moderate", ann)
    assert inside(client, "DELETE", f"/accounts/{bob.id}/suspension", token).status_code == 204
    assert not _suspended(app, bob)


def test_a_service_suspends_nobody_in_its_own_name(app: Flask, client: FlaskClient) -> None:
    bob = Person(client, "bob")
    token = service_token(client, "accounts:moderate")
    assert inside(client, "PUT", f"/accounts/{bob.id}/suspension", token).status_code == 403
    assert not _suspended(app, bob)


def test_a_password_is_confirmed_in_the_name_of_its_owner(client: FlaskClient) -> None:
    ann = Person(client, "ann")

    def confirm(password: str) -> int:
        token = service_token(client, "accounts:confirm", ann)
        said = {"password": password, "address": "192.0.2.1"}
        return inside(client, "POST", "/me/confirmations", token, said).status_code

    assert (confirm("correct horse"), confirm("wrong")) == (204, 422)


def test_an_erased_account_keeps_its_row_and_lets_nobody_in(
    app: Flask, client: FlaskClient
) -> None:
    ann = Person(client, "ann")
    token = service_token(client, "accounts:close")
    names = [inside(client, "DELETE", f"/accounts/{ann.id}", token).json for _ in range(2)]
    assert all(one and one["username"].startswith("deleted-") for one in names)
    login = {"username": "ann", "password": "correct horse"}
    assert client.post("/api/v1/auth/login", json=login).status_code == 401
    assert Person(client, "ann").registered.status_code == 201
    assert _suspended(app, ann)


ASKED = [
    ("GET", "/accounts/{}", "accounts:read"),
    ("PUT", "/accounts/{}/closure", "accounts:close"),
    ("DELETE", "/accounts/{}", "accounts:close"),
    ("PUT", "/accounts/{}/suspension", "accounts:moderate"),
    ("DELETE", "/accounts/{}/suspension", "accounts:moderate"),
    ("PUT", "/accounts/{}/role", "accounts:moderate"),
    ("GET", "/me/roles/member", "accounts:moderate"),
    ("POST", "/me/confirmations", "accounts:confirm"),
]


def test_every_route_takes_its_own_scope_and_no_persons_token(
    app: Flask, client: FlaskClient
) -> None:
    ann = Person(client, "ann")
    scopes = {scope for _, _, scope in ASKED}
    tokens = {scope: service_token(client, scope) for scope in scopes}
    elsewhere = services.of(app).get(Issuer).token("auth", "profiles", "profiles:create")
    for method, path, scope in ASKED:
        for token in ("", "x", ann.tokens["access_token"], elsewhere):
            answer = inside(client, method, path.format(ann.id), token)
            assert answer.status_code == 401, (method, path)
        for other in scopes - {scope}:
            answer = inside(client, method, path.format(ann.id), tokens[other])
            assert answer.status_code == 403, (method, path, other)


def test_nothing_of_it_is_reached_by_the_public_listener(client: FlaskClient) -> None:
    token = service_token(client, "accounts:read")
    for method, path, _ in [*ASKED, ("POST", "/token", ""), ("GET", "/ended-logins", "")]:
        headers = {"Authorization": f"Bearer {token}"}
        answer = client.open(path.format("0" * 8), method=method, headers=headers)
        assert answer.status_code == 404, path


def test_what_is_known_of_somebody_holds_nothing_that_lets_in(client: FlaskClient) -> None:
    ann = Person(client, "ann")
    token = service_token(client, "accounts:read")
    told: Any = inside(client, "GET", f"/accounts/{ann.id}", token).json
    assert told["account"][0]["username"] == "ann"
    assert [one["id"] for one in told["logins"]] == [ann.tokens["login_id"]]
    assert "hash" not in json.dumps(told)
