"""What is known of people is made anew, and what was lost is found, counted and mended."""

from collections.abc import Iterator
from typing import Any

import pytest
from fake_profiles import FakeProfiles, fake_profiles
from flask import Flask

from chassis import services
from chassis.database import Database
from chassis.ids import new_id
from chat.people import reconciling
from chat.people.service import PeopleService, keep

NOTHING = {"missing": 0, "stale": 0, "ahead": 0, "unknown": 0}


@pytest.fixture
def profiles() -> Iterator[FakeProfiles]:
    """Five people with profiles, which come in three pages, and nobody else."""
    found = fake_profiles()
    before, found.people = found.people, {}
    for number in range(5):
        found.register(new_id(), f"p{number}", "P")
    yield found
    found.people = before


def _database(app: Flask) -> Database:
    return services.of(app).get(Database)


def _client(app: Flask) -> Any:
    client = services.of(app).get(PeopleService)._profiles
    client._profiles._timeout = 30  # on a busy machine
    return client


def _check(app: Flask) -> dict[str, int]:
    return reconciling.check(_database(app), _client(app), lag=0)


def _known(app: Flask) -> list[Any]:
    with _database(app).read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM people ORDER BY user_id").mappings()
        return [dict(row) for row in rows]


def _there(profiles: FakeProfiles) -> list[Any]:
    return [profiles.people[one] for one in sorted(profiles.people)]


def test_made_anew_it_is_what_the_profile_service_has(app: Flask, profiles: FakeProfiles) -> None:
    with _database(app).write() as work:
        nobody = {"user_id": new_id(), "username": "x", "display_name": "X"}
        keep(work.connection, [{**nobody, "version": 7, "deleted": False}])  # type: ignore[typeddict-item]
    assert reconciling.rebuild(_database(app), _client(app)) == 5
    assert _known(app) == _there(profiles)
    assert _check(app) == {"people": 5, **NOTHING}


def test_each_kind_of_drift_is_counted_and_mended(app: Flask, profiles: FakeProfiles) -> None:
    reconciling.rebuild(_database(app), _client(app))
    stale, ahead, _, gone, missing = sorted(profiles.people)
    profiles.change(stale, display_name="New")
    profiles.change(gone, deleted=True)
    with _database(app).write() as work:
        work.connection.exec_driver_sql("DELETE FROM people WHERE user_id = %s", (missing,))
        lost = {"user_id": new_id(), "username": "x", "display_name": "X", "deleted": False}
        late = {**lost, "user_id": new_id(), "version": 0}
        keep(work.connection, [{**profiles.people[ahead], "version": 9}])
        keep(work.connection, [{**lost, "version": 1}])  # type: ignore[typeddict-item]
        keep(work.connection, [late])  # type: ignore[list-item]
    assert _check(app) == {"people": 5, "missing": 1, "stale": 2, "ahead": 1, "unknown": 1}
    on_its_way = [one for one in _known(app) if one["version"] == 0]
    assert [one for one in _known(app) if one["version"]] == _there(profiles)
    assert [one["user_id"] for one in on_its_way] == [late["user_id"]]
    assert _check(app) == {"people": 5, **NOTHING}


def test_what_comes_while_it_is_being_looked_is_no_drift(
    app: Flask, profiles: FakeProfiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconciling.rebuild(_database(app), _client(app))
    changed = profiles.change(min(profiles.people), display_name="New")

    def event_comes(_seconds: float) -> None:
        with _database(app).write() as work:
            keep(work.connection, [profiles.change(changed["user_id"], display_name="Newer")])

    monkeypatch.setattr("chat.people.reconciling.time.sleep", event_comes)
    assert _check(app) == {"people": 5, **NOTHING}
