"""What may be said: JSON Schemas, one for each type and version of an event."""

import json
from pathlib import Path
from typing import cast

import jsonschema_rs

from chassis.messaging.cloudevents import CloudEvent

ENVELOPE = "urn:chat:cloudevent"


class Unacceptable(Exception):
    """This is no event that anybody here could read, today or later."""


class Schemas:
    """The schemas in a directory; their `$id` is what an event names as `dataschema`."""

    def __init__(self, directory: Path) -> None:
        documents = [json.loads(file.read_bytes()) for file in sorted(directory.glob("*.json"))]
        registry = jsonschema_rs.Registry([(one["$id"], one) for one in documents])
        self._validators = {
            one["$id"]: jsonschema_rs.validator_for(one, registry=registry) for one in documents
        }

    def read(self, body: bytes) -> CloudEvent:
        """Return what a message says. Errors: `Unacceptable` names what is wrong, not its value."""
        try:
            said = json.loads(body)
        except ValueError:
            raise Unacceptable("not JSON") from None
        self._check(ENVELOPE, said)
        event = cast(CloudEvent, said)
        if event["dataschema"] not in self._validators:
            raise Unacceptable(f"nobody here knows {event['dataschema']}")
        self._check(event["dataschema"], event)
        return event

    def _check(self, name: str, said: object) -> None:
        for error in self._validators[name].iter_errors(said):
            at = "/".join(map(str, error.instance_path)) or "the event"
            rule = "/".join(map(str, error.schema_path))
            raise Unacceptable(f"{name}: {at} breaks {rule}")
