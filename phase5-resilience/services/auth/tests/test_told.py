"""What auth tells other services is what the schemas promise them."""

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from playing import Person
from sqlalchemy import select

import events
from auth.catalogue import TOPICS
from chassis import services
from chassis.database import Database
from chassis.messaging.outbox import OutboxRow
from chassis.messaging.schemas import Schemas


def test_all_that_is_told_is_as_its_schema_says_and_no_secret(
    app: Flask, client: FlaskClient
) -> None:
    token = Person(client, "ann").tokens["access_token"]
    answer = client.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204
    schemas = Schemas(Path(events.__file__).parent / "schemas", {})
    with services.of(app).get(Database).read() as connection:
        found = connection.scalars(select(OutboxRow.event).order_by(OutboxRow.id)).all()
    assert {schemas.read(event.encode())["type"] for event in found} == set(TOPICS.values())
    everything = "".join(found)
    assert "password" not in everything
    assert "argon2" not in everything
