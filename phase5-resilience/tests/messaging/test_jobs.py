"""Jobs: what takes longer than a request is done once, wherever it is killed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from brokers import DIES, Host, Worker, rows
from flask import Flask
from people import Somebody
from postgres import address_of
from real_messages import real_messages
from waiting import wait_for

from chassis.database import Database
from chat.jobs import export
from events.topology import JOBS, TOPOLOGY

Start = Callable[..., Worker]
MODULE = "chat.consumers.jobs"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The database of the application."""
    return address_of(tmp_path / "data")


@pytest.fixture
def person(app: Flask) -> Somebody:
    """Ada, who has written more than fits into a page, in two conversations."""
    client = app.test_client()
    ada, bob = Somebody(client, "ada"), Somebody(client, "bob")
    for group in (ada.group(bob), bob.group(ada)):
        for n in range(120):
            ada.send(group, f"c{n}", f"{n} " + "é" * 3000)
        theirs = bob.send(group, "theirs", "of Bob alone")
        ada.do("PUT", f"{group}/messages/{theirs['id']}/reactions/👍")
    return ada


def _ask(person: Somebody, **body: str) -> Any:
    return person.do("POST", "/jobs", {"kind": "export", **body})


def _done(person: Somebody, job: Any) -> Any:
    """Return the job when it is over."""

    def look() -> Any:
        now = person.do("GET", f"/jobs/{job['id']}")
        return now if now["finished_at"] else None

    return wait_for(look, 20)


def _downloaded(person: Somebody, job: Any) -> list[Any]:
    answer = person.ask("GET", f"/jobs/{job['id']}/download")
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    assert len(answer.data) == job["size"] == answer.content_length
    return [json.loads(line) for line in answer.data.splitlines()]


def _check_whole(lines: list[Any], person: Somebody) -> None:
    kinds = [line["type"] for line in lines]
    assert kinds[-1] == "end"
    assert lines[-1]["lines"] == len(lines) - 1
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "account": 1,
        "conversation": 2,
        "end": 1,
        "export": 1,
        "login": 1,
        "message": 240,
        "preferences": 1,
        "profile": 1,
        "reaction": 2,
    }
    said = [line for line in lines if line["type"] == "message"]
    assert {line["sender_id"] for line in said} == {person.id}
    assert len({line["id"] for line in said}) == 240


def test_an_export_holds_what_the_account_does_and_nobody_elses_words(
    person: Somebody, host: Host, start: Start, url: str
) -> None:
    asked = _ask(person)
    assert (asked["state"], asked["progress"]) == ("queued", 0)
    assert _ask(person)["id"] == asked["id"], "one at a time"
    start("chat.relay")
    start(MODULE)
    job = _done(person, asked)
    assert (job["state"], job["progress"]) == ("done", 100)
    _check_whole(_downloaded(person, job), person)
    pieces = rows(url, "SELECT length(data) FROM job_parts ORDER BY part")
    assert len(pieces) == 2
    assert pieces[0] == (export.PART,)
    text = person.ask("GET", f"/jobs/{job['id']}/download").text
    assert "of Bob alone" not in text
    assert "password" not in text
    assert "argon2" not in text
    assert _ask(person)["id"] != job["id"], "the next one takes its place"
    assert person.ask("GET", f"/jobs/{job['id']}").status_code == 404


@pytest.mark.parametrize("after", [1, 2])
def test_an_export_that_was_killed_is_begun_anew_and_whole(
    person: Somebody, host: Host, start: Start, after: int
) -> None:
    start("chat.relay")
    asked = _ask(person)
    program = DIES.format(module="chat.jobs", name="export", attribute="_store", call=after)
    assert start("-c", program).process.wait(120) == -9
    begun = person.do("GET", f"/jobs/{asked['id']}")
    assert begun["state"] == "running"
    start(MODULE)
    _check_whole(_downloaded(person, _done(person, asked)), person)
    assert host.take(JOBS) == []
    assert host.take(TOPOLOGY.dead.name) == []


def test_an_export_expires_and_its_pieces_go(
    person: Somebody,
    host: Host,
    start: Start,
    url: str,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHAT_EXPORT_KEEP", "0.1")
    start("chat.relay")
    start(MODULE)
    job = _done(person, _ask(person))
    path = f"/jobs/{job['id']}/download"
    wait_for(lambda: person.ask("GET", path).status_code == 410)
    assert person.ask("GET", path).get_json()["type"].endswith("#export-expired")
    assert rows(url, "SELECT part FROM job_parts")
    export.forget_expired(database)
    assert rows(url, "SELECT part FROM job_parts") == []


def test_told_to_stop_a_job_stops_between_two_steps_and_the_next_process_goes_on(
    person: Somebody, host: Host, start: Start, url: str
) -> None:
    start("chat.relay")
    person.do("POST", "/jobs", {"kind": "deletion", "password": "correct horse"})
    first = start(MODULE)
    wait_for(lambda: first.said("job.begins"), 20)
    assert first.stop() == 0
    assert rows(url, "SELECT state, run FROM jobs") == [("running", 1)]
    start(MODULE)
    said = "SELECT count(*) FROM messages WHERE sender_id = %s AND body IS NOT NULL"
    wait_for(lambda: rows(real_messages().database, said, person.id) == [(0,)], 30)
    assert host.take(TOPOLOGY.dead.name) == []
