"""An export: what an account holds, a JSON object a line, stored in pieces.

Nothing of it is held in memory but a page and a piece. It is no picture of one moment: what is
written meanwhile is in it or not.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, cast

import orjson
from sqlalchemy import delete, insert, select

from chassis.clock import now_ms, rfc3339
from chassis.database import Database
from chassis.identity import Caller
from chat.accounts import Accounts
from chat.conversations.of_person import places_after
from chat.jobs.models import JobRow, PartRow
from chat.jobs.run import Run
from chat.jobs.walk import pages
from chat.moderation.service import actions_after
from chat.notifications.service import NotificationService
from chat.profiles import Profiles
from chat.timelines import Timelines

PART = 1 << 20
"""Bytes."""

Line = Mapping[str, Any]


def write(
    database: Database,
    accounts: Accounts,
    profiles: Profiles,
    timelines: Timelines,
    run: Run,
    keep: float,
) -> Iterator[None]:
    """Collect everything; what an earlier attempt has left is thrown away. `keep` is in seconds."""
    with database.write() as work:
        run.advance(work, 0)
        work.connection.execute(delete(PartRow).where(PartRow.job_id == run.job_id))
    piece, part, lines = bytearray(), 0, 0
    everything = _everything(database, accounts, profiles, timelines, run.user_id)
    for kind, page, done in everything:
        lines += len(page)
        piece += b"".join(_line(kind, one) for one in page)
        while len(piece) >= PART:
            _store(database, run, part, bytes(piece[:PART]), done)
            part += 1
            del piece[:PART]
        yield
    piece += _line("end", {"lines": lines})
    _store(database, run, part, bytes(piece), 1)
    with database.write() as work:
        expires_at = now_ms() + int(keep * 1000)
        run.finish(work, size=part * PART + len(piece), expires_at=expires_at)


def forget_expired(database: Database) -> None:
    """Delete the pieces of exports that nobody can download any more."""
    expired = select(JobRow.id).where(JobRow.expires_at <= now_ms())
    with database.write() as work:
        work.connection.execute(delete(PartRow).where(PartRow.job_id.in_(expired)))


def _store(database: Database, run: Run, part: int, data: bytes, done: float) -> None:
    with database.write() as work:
        run.advance(work, done)
        work.connection.execute(insert(PartRow).values(job_id=run.job_id, part=part, data=data))


def _everything(
    database: Database, accounts: Accounts, profiles: Profiles, timelines: Timelines, user_id: str
) -> Iterator[tuple[str, Sequence[Line], float]]:
    """Yield pages: what is in each, and which part of the whole is done with it."""
    yield "export", [{"user_id": user_id, "made_at": rfc3339(now_ms())}], 0
    account, logins = accounts.export(user_id)
    yield "account", account, 0
    yield "login", logins, 0
    yield "profile", profiles.export(user_id), 0
    wishes = NotificationService(database).preferences(Caller(user_id, login_id=""))
    yield "preferences", [cast(Line, wishes)], 0
    for page in pages(database, partial(places_after, user_id=user_id), "", itemgetter("id")):
        yield "conversation", page, 0
    for page in pages(database, partial(actions_after, user_id=user_id), "", itemgetter("id")):
        yield "moderation", page, 0
    for conversation_id, done in timelines.written_in(user_id):
        for texts in timelines.texts(user_id, conversation_id):
            yield "message", texts, done
        for reactions in timelines.reactions(user_id, conversation_id):
            yield "reaction", reactions, done


def _line(kind: str, said: Line) -> bytes:
    return orjson.dumps({"type": kind, **said}, option=orjson.OPT_APPEND_NEWLINE)
