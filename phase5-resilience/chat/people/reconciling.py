"""Making what is known of people anew, and finding where it is not what the profile service has."""

import time
from collections import Counter
from collections.abc import Mapping
from typing import cast

from sqlalchemy import ColumnElement, Connection, delete, select

from chassis.database import Database
from chat.people.models import PersonRow
from chat.people.service import keep
from chat.profiles import Person, Profiles

LAG = 2.0
"""Seconds that an event may take. What is not here by then is not under way but lost."""

Known = Mapping[str, Person]


def rebuild(database: Database, profiles: Profiles) -> int:
    """Put the profile service's people in the place of those known; return how many they are.

    Until the end others see what was there before. What events tell meanwhile waits, and is newer.
    """
    with database.write() as work:
        work.connection.execute(delete(PersonRow))
        return sum(keep(work.connection, page) for _, page in profiles.everybody())


def check(database: Database, profiles: Profiles, lag: float = LAG) -> dict[str, int]:
    """Compare page by page, and mend; return how many people there are, and what was wrong.

    `missing` are not known here, `stale` and `ahead` are known as they were or never were (a data
    base that was put back can have such), `unknown` are those of whom the profile service knows
    nothing.
    """
    counts = Counter(people=0, missing=0, stale=0, ahead=0, unknown=0)
    for after, page in profiles.everybody():
        there = {one["user_id"]: one for one in page}
        which = [PersonRow.user_id > after]
        if page:
            which.append(PersonRow.user_id <= page[-1]["user_id"])
        if _drift(_here(database, which), there):
            time.sleep(lag)
        # Asked again: what has changed since the page was read is no drift, but newer.
        here = _here(database, which)
        doubtful = sorted(_drift(here, there))
        again = {
            one["user_id"]: one
            for at in range(0, len(doubtful), 100)
            for one in profiles.people(doubtful[at : at + 100])
        }
        found = _drift({one: here[one] for one in doubtful if one in here}, again)
        counts.update(found.values(), people=len(page))
        _mend(database, found, again)
    return dict(counts)


def _here(database: Database, which: list[ColumnElement[bool]]) -> Known:
    with database.read() as connection:
        rows = connection.execute(select(PersonRow.__table__).where(*which)).mappings()
        return {row["user_id"]: cast(Person, dict(row)) for row in rows}


def _drift(here: Known, there: Known) -> dict[str, str]:
    """Return id → what is wrong with it here."""
    found = dict.fromkeys(there.keys() - here.keys(), "missing")
    for user_id, one in here.items():
        if user_id not in there:
            if one["version"] > 0:  # else the profile is still being made
                found[user_id] = "unknown"
        elif one != there[user_id]:
            is_older = one["version"] < there[user_id]["version"]
            found[user_id] = "stale" if is_older else "ahead"
    return found


def _mend(database: Database, found: Mapping[str, str], there: Known) -> None:
    with database.write() as work:
        _forget(
            work.connection, [one for one, kind in found.items() if kind in ("ahead", "unknown")]
        )
        keep(work.connection, [there[one] for one in found if one in there])


def _forget(connection: Connection, user_ids: list[str]) -> None:
    connection.execute(delete(PersonRow).where(PersonRow.user_id.in_(user_ids)))
