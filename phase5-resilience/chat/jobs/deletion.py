"""Deleting an account: what the person wrote, and then the person.

Every step is short, and looks for what is left: so it can be stopped, killed and begun again
anywhere. Nobody is logged in any more when it begins, and what is done here others see as if it
was done by hand.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from operator import itemgetter

from sqlalchemy import delete

from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import NotFound, NotReady
from chassis.identity import Caller
from chat.accounts import Accounts
from chat.conversations.lists import Lists
from chat.conversations.members import MemberService
from chat.conversations.of_person import places_after
from chat.jobs.models import JobRow
from chat.jobs.run import Run
from chat.jobs.walk import pages
from chat.notifications.service import forget
from chat.people.service import keep
from chat.profiles import Profiles
from chat.timelines import Timelines

LAG = 2.5
"""Seconds. By then the gateway refuses the tokens that were good, and a replica has what is new."""
AT_ONCE = 20
"""Messages changed in one transaction: whoever sends to the conversation waits for it."""


class Deletion:
    """Deletes accounts. `uncache` takes everything that names somebody out of the cache."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        profiles: Profiles,
        members: MemberService,
        timelines: Timelines,
        lists: Lists,
        uncache: Callable[[str], Iterator[None]],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._profiles = profiles
        self._members = members
        self._timelines = timelines
        self._lists = lists
        self._uncache = uncache

    def steps(self, run: Run) -> Iterator[None]:
        """Delete the account of who has asked for it."""
        self._accounts.close(run.user_id)
        yield from _until(now_ms() + LAG * 1000)
        yield from self._leave_groups(run)
        for conversation_id, done in self._timelines.written_in(run.user_id):
            while self._erase_some(run, conversation_id, done):
                yield
            self._copy(conversation_id)
        username = self._erase_person(run)
        # Not before: what is read from a replica is put there, too.
        yield from _until(now_ms() + LAG * 1000)
        yield from self._uncache(run.user_id)
        self._profiles.erase(run.user_id, username)  # by now nobody brings it back to its cache
        with self._database.write() as work:
            run.finish(work)

    def _leave_groups(self, run: Run) -> Iterator[None]:
        caller = Caller(run.user_id, login_id="")
        places = partial(places_after, user_id=run.user_id)
        for page in pages(self._database, places, "", itemgetter("id")):
            for group in (one["id"] for one in page if one["kind"] == "group"):
                with suppress(NotFound):
                    self._members.remove(caller, group, run.user_id)
                yield

    def _erase_some(self, run: Run, conversation_id: str, done: float) -> int:
        with self._database.write() as work:
            run.advance(work, done)
        return self._timelines.erase(run.user_id, conversation_id, AT_ONCE)

    def _copy(self, conversation_id: str) -> None:
        """Have nothing of it in the copy for lists, either; its consumer may be away."""
        if not self._lists.catch_up([conversation_id]):
            raise NotReady("Messages does not say what is left.")

    def _erase_person(self, run: Run) -> str:
        """Leave a person who is nobody; return the name that they have now."""
        # Killed after this, the next run is given another name, and the profile gets that.
        username = self._accounts.erase(run.user_id)
        nobody = self._profiles.erase(run.user_id, username)
        others = (JobRow.user_id == run.user_id, JobRow.id != run.job_id)
        with self._database.write() as work:
            run.advance(work, 1)
            work.connection.execute(delete(JobRow).where(*others))
            forget(work.connection, run.user_id)
            keep(work.connection, [nobody])
        return username


def _until(moment: float) -> Iterator[None]:
    """Wait until then, in milliseconds since the epoch."""
    while now_ms() < moment:
        time.sleep(0.1)
        yield
