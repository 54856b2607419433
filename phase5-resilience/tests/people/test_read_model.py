"""What is known of people: events in any order, twice or never, and asking where it is in doubt."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
from fake_profiles import fake_profiles
from flask import Flask
from people import Somebody

from chassis import services
from chassis.database import Database
from chassis.errors import NotReady
from chassis.ids import new_id
from chat.people.service import PeopleService, display_names, ids_of


def _event(kind: str, **data: Any) -> Any:
    return {"type": kind, "data": data}


def _story() -> list[Any]:
    """Return what is told of somebody who registers, changes their name, and goes."""
    ann = {"user_id": new_id(), "username": "ann"}
    gone = {**ann, "username": "deleted-1", "display_name": "Deleted account"}
    return [
        _event("user.registered", **ann, display_name="Ann"),
        _event("profile.changed", **ann, display_name="Ann", version=1, deleted=False),
        _event("profile.changed", **ann, display_name="Ann II", version=2, deleted=False),
        _event("profile.changed", **gone, version=3, deleted=True),
    ]


def _hear(app: Flask, events: Sequence[Any]) -> None:
    for event in events:
        with services.of(app).get(Database).write() as work:
            services.of(app).get(PeopleService).hear(work, event)


def _known(app: Flask) -> list[Any]:
    with services.of(app).get(Database).read() as connection:
        asked = "SELECT username, display_name, version, deleted FROM people ORDER BY user_id"
        return [tuple(row) for row in connection.exec_driver_sql(asked)]


def test_in_whatever_order_and_however_often_it_is_heard_the_newest_stays(app: Flask) -> None:
    for order in itertools.permutations(range(4)):
        story = _story()
        _hear(app, [story[n] for n in (*order, order[0], *order)])
        with services.of(app).get(Database).write() as work:
            assert [
                tuple(row)
                for row in work.connection.exec_driver_sql(
                    "DELETE FROM people RETURNING username, display_name, version, deleted"
                )
            ] == [("deleted-1", "Deleted account", 3, True)], order


def test_who_has_registered_is_known_before_they_have_a_profile(app: Flask) -> None:
    story = _story()
    _hear(app, story[:1])
    assert _known(app) == [("ann", "Ann", 0, False)]
    assert services.of(app).get(PeopleService).missing([story[0]["data"]["user_id"]]) == set()


def test_a_change_from_before_it_said_how_it_is_now_is_asked_about(app: Flask) -> None:
    user_id = new_id()
    fake_profiles().register(user_id, "ann", "Ann")
    _hear(app, [_event("profile.changed", user_id=user_id)])
    assert _known(app) == [("ann", "Ann", 1, False)]


def test_who_is_not_known_is_asked_about_once_and_then_known(app: Flask) -> None:
    ann, nobody = new_id(), new_id()
    fake_profiles().register(ann, "ann", "Ann")
    people, asked = services.of(app).get(PeopleService), fake_profiles().asked
    people._profiles._profiles._timeout = 30  # on a busy machine
    asked.clear()
    assert people.missing([ann, nobody]) == {nobody}
    assert people.missing([ann]) == set()
    assert asked == ["/people"]
    assert _known(app) == [("ann", "Ann", 1, False)]


def test_who_is_gone_is_nobody_here_too(app: Flask) -> None:
    ann, ben = Somebody(app.test_client(), "ann"), Somebody(app.test_client(), "ben")
    _hear(app, [_event("profile.changed", **fake_profiles().change(ben.id, deleted=True))])
    body = {"kind": "direct", "member_ids": [ben.id]}
    assert ann.ask("POST", "/conversations", body).status_code == 422


def test_while_it_cannot_be_asked_nobody_is_taken_for_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = Somebody(app.test_client(), "ann"), Somebody(app.test_client(), "ben")
    transport = services.of(app).get(PeopleService)._profiles._profiles._transport
    monkeypatch.setattr(transport, "ask", _nobody_there)

    def begin(*others: str) -> int:
        body = {"kind": "group", "name": "G", "member_ids": [*others]}
        return ann.ask("POST", "/conversations", body).status_code

    assert (begin(ben.id), begin(ben.id, new_id())) == (201, 503)


def _nobody_there(*_: object) -> None:
    raise NotReady("It is away.")


def test_of_two_with_one_name_the_newer_has_it_and_who_is_gone_has_none(app: Flask) -> None:
    old, new = sorted(new_id() for _ in range(2))
    for version, user_id in enumerate((new, old), 1):
        person = {"user_id": user_id, "username": "ann", "display_name": "Ann"}
        _hear(app, [_event("profile.changed", **person, version=version, deleted=False)])
    with services.of(app).get(Database).read() as connection:
        assert ids_of(connection, ["ann", "ben"]) == {"ann": new}
        assert display_names(connection, [old, new_id()]) == {old: "Ann"}
    gone = {"user_id": new, "username": "ann", "display_name": "x", "version": 9, "deleted": True}
    _hear(app, [_event("profile.changed", **gone)])
    with services.of(app).get(Database).read() as connection:
        assert ids_of(connection, ["ann"]) == {"ann": old}
