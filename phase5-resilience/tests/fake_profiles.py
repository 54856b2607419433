"""Playing the profile service: it has the people of a test run, and believes every service.

One for all tests of a run and for the processes that they start; `CHAT_PROFILES_URL` tells them.
"""

import os
from functools import cache
from threading import Thread
from typing import TYPE_CHECKING, Any

from fake_auth import Quiet
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

if TYPE_CHECKING:
    from chat.profiles import Person


class FakeProfiles:
    """What it knows can be looked at, and changed."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.asked: list[str] = []
        app = Flask("fake profiles")
        app.before_request(lambda: self.asked.append(request.path))
        self._routes(app)
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()

    def register(self, user_id: str, username: str, display_name: str) -> "Person":
        """Give somebody a profile."""
        self.people[user_id] = {
            "user_id": user_id,
            "username": username,
            "display_name": display_name,
            "version": 1,
            "deleted": False,
        }
        return self.people[user_id]

    def change(self, user_id: str, **changed: Any) -> "Person":
        """Change what is known of somebody, and return it."""
        self.people[user_id] |= changed  # type: ignore[typeddict-item]
        self.people[user_id]["version"] += 1
        return self.people[user_id]

    def _routes(self, app: Flask) -> None:
        @app.get("/people")
        def people() -> Response:
            ids = request.args["ids"].split(",")
            return jsonify(items=[self.people[one] for one in ids if one in self.people])

        @app.get("/people/all")
        def everybody() -> Response:
            after = request.args.get("after", "")
            ids = sorted(one for one in self.people if one > after)[:2]
            return jsonify(items=[self.people[one] for one in ids])

        @app.get("/profiles/<user_id>")
        def export(user_id: str) -> Response:
            one = self.people[user_id]
            return jsonify(items=[{"id": user_id, "display_name": one["display_name"]}])

        @app.delete("/profiles/<user_id>")
        def erase(user_id: str) -> Response:
            gone = {"username": request.args["username"], "display_name": "Deleted account"}
            return jsonify(self.change(user_id, deleted=True, **gone))


@cache
def fake_profiles() -> FakeProfiles:
    """Return the one of this test run."""
    return FakeProfiles()


def use_profiles() -> None:
    """Tell the processes of a test run of it."""
    os.environ["CHAT_PROFILES_URL"] = fake_profiles().url
