"""One archive of two services: put together and taken apart, in step."""

import hashlib
import io
import json
from typing import Any

import pytest

from lab.archive import Archive
from lab.errors import LabError
from lab.parts import Writer, join, split

ANN, BOB, EVE = "id-a", "id-b", "id-e"


def user(id_: str) -> dict[str, Any]:
    return {"type": "user", "id": id_, "username": f"name-{id_}"}


def login(id_: str) -> dict[str, Any]:
    return {"type": "login", "id": f"of-{id_}", "user_id": id_}


def profile(id_: str) -> dict[str, Any]:
    return {"type": "profile", "user_id": id_, "username": f"name-{id_}"}


MESSAGE = {"type": "message", "body": "é"}


def archive(*records: dict[str, Any]) -> io.BytesIO:
    file = io.BytesIO()
    writer = Writer(file)
    for one in records:
        writer.write(json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
    writer.close()
    file.seek(0)
    return file


def records(file: io.BytesIO) -> list[Any]:
    file.seek(0)
    return [json.loads(line) for line in Archive(file)]


def joined(*parts: io.BytesIO) -> list[Any]:
    file = io.BytesIO()
    join(parts, file)
    return records(file)


def test_parts_become_one_in_the_order_of_the_services() -> None:
    auth = [user(ANN), user(BOB), login(BOB)]
    chat = [profile(ANN), profile(BOB), MESSAGE]
    assert joined(archive(*auth), archive(*chat)) == [*auth, *chat]
    assert joined(archive(), archive()) == []


def test_who_came_after_the_last_service_was_read_is_left_out_with_their_logins() -> None:
    auth = archive(user(ANN), user(BOB), user(EVE), login(ANN), login(BOB), login(EVE))
    said = joined(auth, archive(profile(BOB), MESSAGE))
    assert said == [user(BOB), login(BOB), profile(BOB), MESSAGE]


def test_who_has_no_profile_yet_and_is_somewhere_already_makes_no_archive() -> None:
    auth, said = archive(user(ANN), user(EVE)), {"type": "message", "sender_id": EVE}
    with pytest.raises(LabError, match="no profile yet"):
        joined(auth, archive(profile(ANN)), archive(said))


def test_three_parts_become_one() -> None:
    auth, profiles, chat = [user(ANN), login(ANN)], [profile(ANN)], [MESSAGE]
    assert joined(*(archive(*one) for one in (auth, profiles, chat))) == [*auth, *profiles, *chat]


def test_nobody_has_a_profile_and_no_account() -> None:
    with pytest.raises(LabError, match="the profile id-b has no user"):
        joined(archive(user(ANN)), archive(profile(ANN), profile(BOB)))


def test_a_part_that_was_cut_off_makes_no_archive() -> None:
    whole = archive(profile(ANN)).getvalue()
    with pytest.raises(LabError, match="cut off"):
        joined(archive(user(ANN)), io.BytesIO(whole[: whole.rindex(b'{"type":"trailer"')]))


def parted(whole: io.BytesIO) -> tuple[list[Any], list[Any]]:
    one, other = io.BytesIO(), io.BytesIO()
    auth, chat = Writer(one), Writer(other)
    split(whole, {"user": [auth], "login": [auth], "profile": [chat], "message": [chat]})
    for writer in (auth, chat):
        writer.close()
    return records(one), records(other)


def test_an_archive_comes_apart_by_whose_the_types_are() -> None:
    auth, chat = [user(ANN), login(ANN)], [profile(ANN), MESSAGE]
    assert parted(archive(*auth, *chat)) == (auth, chat)


def test_who_reads_what_another_owns_gets_a_copy() -> None:
    one, other = io.BytesIO(), io.BytesIO()
    owner, reader = Writer(one), Writer(other)
    split(archive(user(ANN), profile(ANN)), {"user": [owner], "profile": [owner, reader]})
    for writer in (owner, reader):
        writer.close()
    assert (records(one), records(other)) == ([user(ANN), profile(ANN)], [profile(ANN)])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([user(ANN), profile(BOB)], "not those of its users"),
        ([user(ANN), user(BOB), profile(ANN)], "not those of its users"),
        ([user(ANN), profile(ANN) | {"username": "another"}], "not those of its users"),
        ([user(ANN), profile(ANN), {"type": "media"}], "does not know records of type 'media'"),
    ],
)
def test_what_does_not_fit_together_is_refused(given: list[dict[str, Any]], why: str) -> None:
    with pytest.raises(LabError, match=why):
        parted(archive(*given))


@pytest.mark.parametrize("cut", [1, 20, 200, 10_000])
def test_what_was_cut_off_anywhere_is_refused(cut: int) -> None:
    whole = archive(user(ANN), profile(ANN), MESSAGE).getvalue()
    with pytest.raises(LabError):
        parted(io.BytesIO(whole[:-cut]))


def test_what_is_of_another_version_or_has_more_after_its_end_is_refused() -> None:
    whole = archive(user(ANN), profile(ANN)).getvalue()
    with pytest.raises(LabError, match="after the trailer"):
        parted(io.BytesIO(whole + b"x"))
    newer = whole.replace(b'"version":1', b'"version":2')
    old, new = (hashlib.sha256(one[: one.rindex(b'{"type":"trailer"')]) for one in (whole, newer))
    newer = newer.replace(old.hexdigest().encode(), new.hexdigest().encode())
    with pytest.raises(LabError, match="version"):
        parted(io.BytesIO(newer))


def test_a_damaged_archive_is_refused() -> None:
    damaged = archive(user(ANN), profile(ANN), MESSAGE).getvalue().replace("é".encode(), b"ee")
    with pytest.raises(LabError, match="damaged"):
        parted(io.BytesIO(damaged))


def conversation(id_: str, last_seq: int, rev: int) -> dict[str, Any]:
    return {"type": "conversation", "id": id_, "last_seq": last_seq, "rev": rev}


def member(id_: str, read_seq: int) -> dict[str, Any]:
    return {"type": "member", "conversation_id": id_, "user_id": ANN, "read_seq": read_seq}


def timeline(id_: str, last_seq: int, rev: int) -> dict[str, Any]:
    return {"type": "timeline", "conversation_id": id_, "last_seq": last_seq, "rev": rev}


def test_a_conversation_goes_as_far_as_its_timeline() -> None:
    chat = [conversation("c", 3, 4), member("c", 3), conversation("d", 1, 1), member("d", 1)]
    said = joined(archive(*chat), archive(timeline("c", 2, 5), MESSAGE))
    new = [conversation("d", 0, 0), member("d", 0)]
    assert said == [conversation("c", 2, 5), member("c", 2), *new, MESSAGE]
    with pytest.raises(LabError, match="the timeline e has no conversation"):
        joined(archive(*chat), archive(timeline("e", 1, 1)))


def test_what_comes_after_messages_stands_there_whosever_it_is() -> None:
    trail, wishes = {"type": "moderation", "id": "m"}, {"type": "preferences", "user_id": ANN}
    assert joined(archive(trail, wishes), archive(MESSAGE)) == [MESSAGE, trail, wishes]
