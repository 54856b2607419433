"""Exporting what an account holds, and deleting the account."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from client import Answer, Api, Json, Person, Socket, eventually

pytestmark = pytest.mark.capability("jobs")

JOBS = "/jobs"
PATIENCE = 30.0
"""Seconds. A job has no bound; what these hold is little."""
Newcomer = Callable[[], Person]


def ask(person: Person, expect: int = 202, **body: str) -> Answer:
    return person.call("POST", JOBS, body=body, expect=expect)


def export(person: Person) -> Json:
    """Ask for an export and return the job when it is done."""
    asked = ask(person, kind="export")
    assert asked.headers["Location"] == f"/api/v1/jobs/{asked.json['id']}"

    def done() -> Json:
        job = dict(person.call("GET", f"{JOBS}/{asked.json['id']}").json)
        assert (job["state"], job["progress"]) == ("done", 100)
        return job

    return eventually(done, within=PATIENCE)


def download(person: Person, job: Json) -> list[Json]:
    answer = person.call("GET", f"{JOBS}/{job['id']}/download")
    assert int(answer.headers["Content-Length"]) == job["size"]
    return [json.loads(line) for line in answer.json.splitlines()]


def test_an_export_holds_what_the_person_has(newcomer: Newcomer, bob: Person) -> None:
    person = newcomer()
    person.edit_profile(bio="Of the export")
    group = person.start_group(bob)["id"]
    sent = [person.send(group, f"Number {number}\n“quoted”") for number in range(3)]
    theirs = bob.send(group, "Not to be exported")
    person.react(theirs, "\N{THUMBS UP SIGN}")
    person.edit(sent[0], "Edited")
    person.delete(sent[1])
    job = export(person)
    lines = download(person, job)
    assert lines[0]["type"] == "export"
    assert lines[-1] == {"type": "end", "lines": len(lines) - 1}

    def of(kind: str) -> list[Json]:
        return [line for line in lines if line["type"] == kind]

    assert [(line["id"], line["username"]) for line in of("account")] == [
        (person.id, person.username)
    ]
    assert of("profile")[0]["bio"] == "Of the export"
    assert [line["id"] for line in of("login")] == [person.tokens["login_id"]]
    assert [line["id"] for line in of("conversation")] == [group]
    assert {line["id"]: line["body"] for line in of("message")} == {
        sent[0]["id"]: "Edited",
        sent[1]["id"]: None,
        sent[2]["id"]: sent[2]["body"],
    }
    assert [line["message_id"] for line in of("reaction")] == [theirs["id"]]
    assert "Not to be exported" not in json.dumps(lines)
    assert person.call("GET", JOBS).json["items"] == [job]


def test_jobs_are_nobody_elses(newcomer: Newcomer, bob: Person, api: Api) -> None:
    person = newcomer()
    job = export(person)
    for path in (f"{JOBS}/{job['id']}", f"{JOBS}/{job['id']}/download"):
        theirs = bob.call("GET", path, expect=404)
        nobodys = bob.call("GET", path.replace(job["id"], str(uuid4())), expect=404)
        assert theirs.json["detail"] == nobodys.json["detail"]
        api.call("GET", f"/api/v1{path}", expect=401)
    assert job["id"] not in [one["id"] for one in bob.call("GET", JOBS).json["items"]]


def test_a_new_export_takes_the_place_of_the_last(newcomer: Newcomer) -> None:
    person = newcomer()
    first = export(person)
    second = export(person)
    assert first["id"] != second["id"]
    person.call("GET", f"{JOBS}/{first['id']}/download", expect=404)
    assert download(person, second)[0]["user_id"] == person.id


@pytest.mark.parametrize("body", [{}, {"kind": "both"}, {"kind": "export", "more": 1}])
def test_only_what_is_known_is_done(bob: Person, body: Json) -> None:
    assert bob.call("POST", JOBS, body=body, expect=422).fields <= {"kind", "more"}


def test_a_deletion_asks_for_the_password(newcomer: Newcomer) -> None:
    person = newcomer()
    assert ask(person, expect=422, kind="deletion").fields == {"password"}
    wrong = ask(person, expect=422, kind="deletion", password="not the one")
    assert wrong.fields == {"password"}
    assert person.profile()["username"] == person.username
    assert person.call("GET", JOBS).json["items"] == []


def test_a_deleted_account_leaves_tombstones_and_an_id(
    newcomer: Newcomer, bob: Person, cem: Person, open_socket: Callable[[Person], Socket], api: Api
) -> None:
    person = newcomer()
    device = person.login()
    socket = open_socket(person)
    group = person.start_group(bob, cem)["id"]
    direct = person.start_direct(bob)["id"]
    sent = [person.send(one, "Of somebody who leaves") for one in (group, direct)]
    theirs = bob.send(group)
    person.react(theirs, "\N{THUMBS UP SIGN}")
    before = bob.conversation(group)["rev"]
    job = ask(person, kind="deletion", password=person.password).json
    assert job["kind"] == "deletion"

    socket.wait_closed()
    for one in (person, device):
        eventually(lambda one=one: one.call("GET", "/profiles/me", expect=401))  # type: ignore[misc]
        one.refresh(expect=401)
    body = {"username": person.username, "password": person.password}
    api.call("POST", "/api/v1/auth/login", body=body, expect={401, 403})

    def gone() -> None:
        assert bob.profile(person.id)["display_name"] == "Deleted account"

    eventually(gone, within=PATIENCE)
    for message in sent:
        tombstone = bob.message(message)
        assert (tombstone["body"], tombstone["sender_id"]) == (None, person.id)
        assert tombstone["client_id"] != message["client_id"]
    assert bob.message(theirs)["reactions"] == []
    changed = bob.page_of_changes(group, before)["items"]
    assert {sent[0]["id"], theirs["id"]} <= {one["id"] for one in changed}
    roles = {one["user_id"]: one["role"] for one in bob.members(group)}
    assert roles == {bob.id: "owner", cem.id: "member"}
    assert bob.conversation(direct)["peer_id"] == person.id
    profile = bob.profile(person.id)
    assert profile["username"] != person.username
    assert profile["bio"] == ""
    assert bob.search(person.username) == []
    assert bob.search("Deleted account") == []
    bob.add(group, person, expect=422)
    api.call("POST", "/api/v1/auth/login", body=body, expect=401)
    again = Person.register(api, person.username, "Somebody else")
    assert again.id != person.id
