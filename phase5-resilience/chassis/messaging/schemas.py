"""What may be said: JSON Schemas, one for each type and version of an event."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import jsonschema_rs

from chassis.errors import Unavailable
from chassis.messaging.cloudevents import CloudEvent

ENVELOPE = "urn:chat:cloudevent"


Upcasts = Mapping[str, Callable[[CloudEvent], CloudEvent]]
"""How to make the next version of an event, by the `dataschema` that it has."""


def newest(event: CloudEvent, upcasts: Upcasts) -> CloudEvent:
    """Return an event in the last version that these upcasts lead to."""
    while upcast := upcasts.get(event["dataschema"]):
        event = upcast(event)
    return event


class Unacceptable(Exception):
    """This is no event that anybody here could read, today or later."""


class Newer(Unavailable):
    """A later version than this process knows of something that it reads: its successor will."""


class Schemas:
    """The schemas in a directory; their `$id` is what an event names as `dataschema`.

    Whatever version arrives, readers get the newest: `upcasts` are the only code that knows others.
    """

    def __init__(self, directory: Path, upcasts: Upcasts) -> None:
        self._upcasts = upcasts
        documents = [json.loads(file.read_bytes()) for file in sorted(directory.glob("*.json"))]
        registry = jsonschema_rs.Registry([(one["$id"], one) for one in documents])
        self._validators = {
            one["$id"]: jsonschema_rs.validator_for(one, registry=registry) for one in documents
        }

    def read(self, body: bytes) -> CloudEvent:
        """Return what a message says, in the newest version.

        Errors: `Unacceptable` names what is wrong, not its value; `Newer`.
        """
        try:
            said = json.loads(body)
        except ValueError:
            raise Unacceptable("not JSON") from None
        self._check(ENVELOPE, said)
        event = cast(CloudEvent, said)
        if event["dataschema"] not in self._validators:
            told = f"nobody here knows {event['dataschema']}"
            raise Newer(told) if self._knows_older(event["dataschema"]) else Unacceptable(told)
        self._check(event["dataschema"], event)
        return newest(event, self._upcasts)

    def _knows_older(self, name: str) -> bool:
        kind, _, version = name.rpartition(".v")
        return any(
            f"{kind}.v{older}" in self._validators for older in range(1, min(int(version), 99))
        )

    def _check(self, name: str, said: object) -> None:
        for error in self._validators[name].iter_errors(said):
            at = "/".join(map(str, error.instance_path)) or "the event"
            rule = "/".join(map(str, error.schema_path))
            raise Unacceptable(f"{name}: {at} breaks {rule}")
