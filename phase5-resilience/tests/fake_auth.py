"""Playing the auth service: it has accounts for as long as the tests run, and believes everybody.

One for all tests of a run and for the processes that they start; `CHAT_AUTH_URL` tells them of it.
"""

import base64
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field
from functools import cache
from threading import Thread
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, Response, jsonify, request
from jwt.algorithms import ECAlgorithm
from werkzeug.serving import WSGIRequestHandler, make_server

from chassis.ids import new_id

RANKS = ("member", "moderator", "admin")


@dataclass
class Account:
    """Somebody, and their logins."""

    username: str
    password: str
    id: str = field(default_factory=new_id)
    role: str = "member"
    suspended: bool = False
    logins: set[str] = field(default_factory=set)


class Quiet(WSGIRequestHandler):
    """Says nothing of requests."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        """Do nothing."""


class FakeAuth:
    """What it knows can be looked at, and changed."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.ended: dict[str, int] = {}
        self.key = ec.generate_private_key(ec.SECP256R1())
        self._refresh: dict[str, tuple[str, str]] = {}
        app = Flask("fake auth")
        self._routes(app)
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def token(self, scope: str, audience: str = "chat", **changed: Any) -> str:
        """Return a service token of auth's, but for what is changed."""
        now = time.time()
        claims = {"iss": "chat", "aud": audience, "sub": "auth", "scope": scope}
        claims |= {"iat": now, "nbf": now, "exp": now + 60} | changed
        return jwt.encode(claims, self.key, "ES256", {"kid": "fake", "typ": "service+jwt"})

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()

    def end(self, *login_ids: str) -> None:
        """End logins."""
        self.ended |= dict.fromkeys(login_ids, time.time_ns() // 1_000_000)
        for account in self.accounts.values():
            account.logins -= set(login_ids)

    def _tokens(self, account: Account, login_id: str) -> dict[str, Any]:
        account.logins.add(login_id)
        refresh = secrets.token_urlsafe(16)
        self._refresh[refresh] = (account.id, login_id)
        claims = {"sub": account.id, "sid": login_id, "roles": [account.role]}
        access = jwt.encode(claims | {"exp": time.time() + 900}, "-" * 32)
        return {
            "user_id": account.id,
            "login_id": login_id,
            "roles": [account.role],
            "access_token": access,
            "refresh_token": refresh,
        }

    def _routes(self, app: Flask) -> None:
        self._public(app)
        self._published(app)
        self._accounts(app)

    def _public(self, app: Flask) -> None:
        @app.post("/api/v1/auth/register")
        def register() -> tuple[Any, int]:
            given = request.get_json()
            account = Account(given["username"], given["password"])
            self.accounts[account.id] = account
            return self._tokens(account, new_id()), 201

        @app.post("/api/v1/auth/login")
        def log_in() -> tuple[Any, int]:
            given = request.get_json()
            for account in reversed(self.accounts.values()):
                if (account.username, account.password) == (given["username"], given["password"]):
                    return self._tokens(account, new_id()), 403 if account.suspended else 200
            return problem(401, "invalid-credentials")

        @app.post("/api/v1/auth/refresh")
        def refresh() -> tuple[Any, int]:
            found = self._refresh.get(request.get_json()["refresh_token"])
            if found is None or found[1] in self.ended:
                return problem(401, "invalid-refresh-token")
            return self._tokens(self.accounts[found[0]], found[1]), 200

        @app.post("/api/v1/auth/<any(logout,'logout-all'):which>")
        def log_out(which: str) -> tuple[str, int]:
            claims = self._claims()
            account = self.accounts[claims["sub"]]
            self.end(*(account.logins if which == "logout-all" else [claims["sid"]]))
            return "", 204

    def _published(self, app: Flask) -> None:
        @app.get("/.well-known/jwks.json")
        def keys() -> Response:
            public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return jsonify(keys=[{**public, "kid": "fake", "alg": "ES256"}])

        @app.get("/ended-logins")
        def ended() -> Response:
            since = int(request.args["since"])
            found = {one: at for one, at in self.ended.items() if at > since}
            return jsonify(now=time.time_ns() // 1_000_000, ended=found)

        @app.post("/token")
        def token() -> Response:
            person = request.form.get("subject_token", "")
            if request.form["audience"] == "messages":
                known = request.authorization
                said: dict[str, Any] = {"sub": known.username if known else ""}
                if person:
                    claims = _said(person)
                    said = {"sub": claims["sub"], "roles": claims["roles"], "act": said}
                token = self.token(request.form["scope"], "messages", **said)
                return jsonify(access_token=token, expires_in=300)
            return jsonify(access_token=person or uuid.uuid4().hex, expires_in=300)

        @app.get("/conversations/<_id>/changes")
        def nothing_was_missed(_id: str) -> Response:
            return jsonify(items=[], has_more=False)

    def _accounts(self, app: Flask) -> None:
        @app.get("/me/roles/<least>")
        def has_role(least: str) -> tuple[Any, int]:
            return self._if(self._rank() >= RANKS.index(least))

        @app.post("/me/confirmations")
        def confirm() -> tuple[Any, int]:
            fits = request.get_json()["password"] == self._person().password
            return self._if(fits, 422, "invalid-request")

        @app.put("/accounts/<user_id>/<any(suspension,role,closure):what>")
        @app.delete("/accounts/<user_id>/<any(suspension):what>")
        def change(user_id: str, what: str) -> tuple[Any, int]:
            account = self.accounts[user_id]
            if what != "closure" and self._rank() <= RANKS.index(account.role):
                return problem(403, "forbidden")
            if what == "role":
                account.role = request.get_json()["role"]
            else:
                account.suspended = request.method == "PUT"
                self.end(*account.logins if account.suspended else ())
            return "", 204

        @app.get("/accounts/<user_id>")
        def export(user_id: str) -> Response:
            account = self.accounts[user_id]
            logins = [{"id": one} for one in account.logins]
            said = {"id": user_id, "username": account.username, "role": account.role}
            return jsonify(account=[said], logins=logins)

        @app.delete("/accounts/<user_id>")
        def erase(user_id: str) -> Response:
            account = self.accounts[user_id]
            account.username = f"deleted-{secrets.token_hex(12)}"
            return jsonify(username=account.username)

    def _claims(self) -> dict[str, Any]:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return jwt.decode(token, options={"verify_signature": False})

    def _person(self) -> Account:
        """Return for whom is asked: the token is what the gateway has said of them."""
        return self.accounts[_said(request.headers["Authorization"])["sub"]]

    def _rank(self) -> int:
        person = self._person()
        return 0 if person.suspended else RANKS.index(person.role)

    def _if(self, holds: object, status: int = 403, slug: str = "forbidden") -> tuple[Any, int]:
        return ("", 204) if holds else problem(status, slug)


def _said(identity: str) -> Any:
    """Return what the gateway's word says."""
    said = identity.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))


def problem(status: int, slug: str) -> tuple[Any, int]:
    """Return a problem document."""
    document = {"type": f"#{slug}", "title": slug, "status": status, "detail": slug}
    return Response(json.dumps(document), content_type="application/problem+json"), status


@cache
def fake_auth() -> FakeAuth:
    """Return the one of this test run."""
    return FakeAuth()
