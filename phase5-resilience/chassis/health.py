"""Whether this process should get work, and how what it depends on is doing."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, jsonify

from chassis.database import Database
from chassis.errors import NotReady, Unavailable
from chassis.mode import Mode
from chassis.resilience.report import states


@dataclass(frozen=True)
class Health:
    """What to look at, `database` only if there is one; `stopping` is set when it is told to stop.

    `others` are dependencies without which it goes on, and how to find out whether they answer.
    """

    database: Database | None
    stopping: threading.Event
    others: Mapping[str, Callable[[], bool]] = field(default_factory=dict)

    def require_ready(self) -> None:
        """Raise `NotReady` or `StorageFull` if the process should get no new work."""
        if self.stopping.is_set():
            raise NotReady("This process is stopping.")
        if self.database is None:
            return
        if not self.database.is_alive():
            raise NotReady("The database does not answer.")
        if self.database.mode() is Mode.IMPORTING:
            raise NotReady("Data is being imported.")
        self.database.require_room()

    def report(self) -> tuple[dict[str, Any], bool]:
        """Return the state of everything, latencies in milliseconds, and whether it will do."""
        found = {"database": _timed(self.database.is_alive)} if self.database else {}
        found |= {name: _timed(answers) for name, answers in self.others.items()}
        breakers = states()
        is_whole = all(one["state"] == "up" for one in found.values())
        is_whole = is_whole and all(state == "closed" for state in breakers.values())
        status, reason = "ready" if is_whole else "degraded", None
        try:
            self.require_ready()
        except Unavailable as error:
            status, reason = "not-ready", str(error)
        report = {"status": status, "reason": reason, "dependencies": found, "breakers": breakers}
        return report, reason is None


def _timed(answers: Callable[[], bool]) -> dict[str, Any]:
    began = time.perf_counter()
    state = "up" if answers() else "down"
    return {"state": state, "ms": round((time.perf_counter() - began) * 1000, 2)}


def probes(health: Health) -> Blueprint:
    """Return what a health check asks, without a login."""
    routes = Blueprint("probes", __name__)

    @routes.get("/healthz")
    def is_alive() -> Response:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def is_ready() -> Response:
        health.require_ready()
        return jsonify(status="ready")

    return routes
