"""What messages tells other services is what the schemas promise them, in the order of revs."""

from flask import Flask
from playing import Conversations, Group, Somebody
from sqlalchemy import select

from chassis import services
from chassis.database import Database
from chassis.messaging.outbox import OutboxRow
from chassis.messaging.schemas import Schemas
from events.versions import SCHEMAS, UPCASTS
from messages.catalogue import TOPICS


def test_all_that_is_told_is_as_its_schema_says_and_in_order(
    app: Flask, conversations: Conversations, ann: Somebody, ben: Somebody
) -> None:
    cyd = Somebody(app.test_client())
    group = Group(app.test_client(), conversations, ann, ben)
    group.change("renamed", name="H")
    group.change("members_added", cyd)
    group.change("role_changed", ben, role="admin")
    group.change("member_removed", cyd)
    for epoch in range(1, 6):
        group.bring(epoch)
    at = f"{group.path}/messages/{ann.send(group.path, 'c-1')['id']}"
    ann.do("PATCH", at, {"body": "two"})
    ben.do("PUT", f"{at}/reactions/👍")
    ben.do("DELETE", f"{at}/reactions/👍")
    ann.do("DELETE", at)
    schemas = Schemas(SCHEMAS, UPCASTS)
    with services.of(app).get(Database).read() as connection:
        found = connection.execute(
            select(OutboxRow.topic, OutboxRow.event, OutboxRow.lane).order_by(OutboxRow.id)
        ).all()
    events = [schemas.read(row.event.encode()) for row in found]
    assert [event["type"] for event in events] == [row.topic for row in found]
    assert {event["type"] for event in events} == set(TOPICS.values())
    revs = [event["rev"] for event in events]
    assert revs == sorted(revs)
    assert len({row.lane for row in found}) == 1, "a conversation has one lane"
    created = [one for one in events if one["type"] == "conversation.created"]
    audiences = [set(one["audience"].split(",")) for one in created]
    assert audiences == [{ann.id, ben.id}, {cyd.id}], "whoever brings events to people asks nobody"
