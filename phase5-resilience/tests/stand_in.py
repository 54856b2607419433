"""The monolith behind a gateway that is played; whoever registers is known, and has a profile.

What is for messages goes to the real one, and lists show it at once: no event is awaited here. What
messages announces goes into the outbox of the monolith, for those who read that.
"""

import logging
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
import psycopg
from fake_profiles import fake_profiles
from flask import Flask, Request, Response
from front import SECRET, StandIn, claims_of, identity, use_secrets
from real_messages import use_messages

from chassis import services
from chassis.database import Database
from chassis.identity import HEADER
from chat import app as monolith
from chat.conversations.lists import Lists
from chat.people.service import keep
from chat.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["SECRET", "claims_of", "identity", "use_secrets"]

logging.getLogger("httpx").setLevel(logging.WARNING)  # what is passed on here is not said twice
logging.getLogger("httpcore").setLevel(logging.WARNING)

_MESSAGES = re.compile(r"/api/v1/conversations/([^/]+)/(?:messages|changes)(?:/|$)")
_TAKE = """
    WITH taken AS (DELETE FROM outbox RETURNING *)
    SELECT lane, topic, event, created_at FROM taken ORDER BY id
"""
_PUT = "INSERT INTO outbox (lane, topic, event, created_at) VALUES (%s, %s, %s, %s)"
_TOLD = ("Content-Type", "Server-Timing", "X-Request-ID", "Retry-After")


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application behind a stand-in of the gateway."""
    use_messages()
    settings = settings or Settings()
    app = monolith.create_app(settings)
    found = services.of(app)
    registered = partial(_registered, found.get(Database))
    elsewhere = partial(_by_messages, found.get(Lists))
    stand_in = StandIn(app.wsgi_app, registered, elsewhere)
    app.wsgi_app = Bringing(stand_in, str(settings.database_url))  # type: ignore[method-assign]
    return app


class Bringing:
    """WSGI middleware that moves what messages has announced to where it is looked for."""

    def __init__(self, app: "WSGIApplication", url: str) -> None:
        self._app = app
        self._url = url

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Serve one request."""
        answer = self._app(environ, start_response)
        with suppress(psycopg.Error):  # a database may be away: then later
            bring_events(self._url)
        return answer


def bring_events(url: str) -> None:
    """Move what waits in the outbox of messages into another, in its order."""
    with psycopg.connect(os.environ["MESSAGES_DATABASE"]) as messages:
        messages.execute("SELECT pg_advisory_xact_lock(1)")
        if taken := messages.execute(_TAKE).fetchall():
            target = psycopg.connect(url, connect_timeout=2, application_name="bringing")
            with target, target.cursor() as cursor:
                cursor.executemany(_PUT, taken)


def _registered(database: Database, user_id: str, username: str, display_name: str) -> None:
    """Make a profile, and hear of it."""
    person = fake_profiles().register(user_id, username, display_name)
    with database.write() as work:
        keep(work.connection, [person])


@cache
def _http() -> httpx.Client:
    """Return a client for all requests: to make one takes longer than a send."""
    return httpx.Client(base_url=os.environ["MESSAGES_OUTSIDE"], timeout=15)


def _by_messages(lists: Lists, asked: Request) -> Response | None:
    """Return what messages says, if it is asked."""
    where = _MESSAGES.match(asked.path)
    if where is None:
        return None
    names = (HEADER, "Content-Type", "X-Request-ID")
    headers = {one: asked.headers[one] for one in names if one in asked.headers}
    address = asked.full_path if asked.query_string else quote(asked.path)
    answer = _http().request(asked.method, address, headers=headers, content=asked.get_data())
    if asked.method != "GET" and answer.is_success:
        lists.catch_up([where[1]], claims_of(asked.headers["Authorization"][7:])["sub"])
    told = {one: answer.headers[one] for one in _TOLD if one in answer.headers}
    return Response(answer.content, answer.status_code, told)
