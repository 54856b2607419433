"""What drills ask Prometheus and Alertmanager."""

import json
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

from drill.client import Person, Refused, Unreachable
from drill.stage import Stage
from lab.errors import LabError

POLL = 0.5
"""Seconds."""


class Watching:
    """Both, at the addresses that are published."""

    def __init__(self, stage: Stage) -> None:
        status = stage.engine.status(stage.instance)
        services = status.services if status else {}
        found = {name: services[name].address for name in ("prometheus", "alertmanager")}
        self.prometheus, self.alertmanager = (
            str(found[name]).split(", ")[0] for name in ("prometheus", "alertmanager")
        )

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what a question in PromQL finds."""
        answer = _get(self.prometheus, f"/api/v1/query?query={quote(expression)}")
        return list(answer["data"]["result"]) if answer else []

    def firing(self) -> list[dict[str, str]]:
        """Return the labels of all alerts that Alertmanager knows of."""
        found = _get(self.alertmanager, "/api/v2/alerts?active=true") or []
        return [one["labels"] for one in found]


def _get(address: str, path: str) -> Any:
    connection = HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def posted(person: Person) -> list[str]:
    """Return what stands in the conversation `operations`; nothing where that is not to be had."""
    try:
        listed = person.call("GET", "/conversations")["items"]
        where = [one["id"] for one in listed if one["name"] == "operations"]
        sent = person.timeline(where[0]) if where else []
    except (Refused, Unreachable):
        return []
    return [one["body"] for one in sent if one["kind"] == "text"]


def seconds_until(what: Callable[[], object], within: float) -> float:
    """Return how long it took until something came true; `within` (seconds) if it did not."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > within:
            return within
        time.sleep(POLL)
    return time.monotonic() - began


def until_watched(stage: Stage, watching: Watching, within: float = 120.0) -> None:
    """Wait until Prometheus has heard of every target. Raises LabError."""
    all_up = "count(up == 1) == count(up) and count(up) > 8"
    if seconds_until(lambda: watching.query(all_up), within) >= within:
        raise LabError("Prometheus does not reach everything that it is to watch")
    stage.timeline.mark("everything is watched")
