"""What other services may ask of messages, and who may not."""

import pytest
from flask import Flask
from playing import INSIDE, Group, Somebody, inside

from chassis.ids import new_id

ERASURE = "written:erase"


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("timelines:read", {}),
        ("timelines:write", {"audience": "chat"}),
        ("timelines:write", {"exp": 1}),
        ("timelines:write", {"iss": "somebody"}),
    ],
)
def test_a_token_for_anything_else_opens_nothing(
    group: Group, app: Flask, scope: str, claims: dict[str, object]
) -> None:
    path = f"/timelines/{group.id}/epochs/1"
    answer = inside(app.test_client(), "PUT", path, scope, group.changes[0], **claims)
    assert answer.status_code in (401, 403)


def test_people_do_not_reach_what_is_for_services(group: Group, ann: Somebody, app: Flask) -> None:
    client = app.test_client()
    headers = {"X-Test-User": ann.id}
    assert client.post("/standings", json={"ids": [group.id]}, headers=headers).status_code == 404
    inside_too = client.post("/standings", json={"ids": []}, headers=headers, base_url=INSIDE)
    assert inside_too.status_code == 401


def test_standings_say_how_far_timelines_are(group: Group, ann: Somebody, app: Flask) -> None:
    sent = ann.send(group.path, "a-1", "x" * 200)
    asked = {"ids": [group.id, new_id()]}
    answer = inside(app.test_client(), "POST", "/standings", "timelines:read", asked).json
    assert answer is not None
    (one,) = answer["items"]
    assert (one["conversation_id"], one["rev"], one["last_seq"]) == (group.id, 2, 2)
    assert one["last_message"]["id"] == sent["id"]
    assert one["last_message"]["body"] == "x" * 140


def test_a_moderator_removes_and_again_changes_nothing(
    group: Group, ann: Somebody, ben: Somebody, app: Flask
) -> None:
    sent = ben.send(group.path, "b-1")
    asked = {"conversation_id": group.id, "message_id": sent["id"]}
    client = app.test_client()
    alone = inside(client, "POST", "/removals", "messages:moderate", asked)
    assert alone.status_code == 403, "it takes somebody in whose name"
    who = {"sub": ann.id, "roles": ["moderator"], "act": {"sub": "chat"}}
    for _ in range(2):
        done = inside(client, "POST", "/removals", "messages:moderate", asked, **who)
        assert done.json == {"sender_id": ben.id}
    assert ann.do("GET", f"{group.path}/messages/{sent['id']}")["rev"] == sent["rev"] + 1


def test_what_somebody_wrote_is_found_and_taken_away_in_pieces(
    group: Group, ann: Somebody, ben: Somebody, app: Flask
) -> None:
    for number in range(3):
        ben.send(group.path, f"b-{number}")
    hers = ann.send(group.path, "a-1")
    ben.do("PUT", f"{group.path}/messages/{hers['id']}/reactions/👍")
    client, person = app.test_client(), f"/people/{ben.id}"
    found = inside(client, "GET", f"{person}/written-in", "written:read").json
    assert found == {"ids": [group.id], "after": "", "looked": 1, "of": 1}
    texts = inside(client, "GET", f"{person}/conversations/{group.id}/texts", "written:read").json
    assert texts is not None
    assert [one["seq"] for one in texts["items"]] == [2, 3, 4]
    piece = {"conversation_id": group.id, "at_most": 2}
    erased: list[int] = []
    while not erased or erased[-1]:
        answer = inside(client, "POST", f"{person}/erasure", ERASURE, piece).json
        assert answer is not None
        erased.append(answer["erased"])
    assert sum(erased) == 4
    found = inside(client, "GET", f"{person}/written-in", "written:read").json
    assert found is not None
    items = ann.do("GET", f"{group.path}/messages")["items"]
    assert [one["body"] for one in items] == [None, None, None, None, "hello"]
    assert items[-1]["reactions"] == []
