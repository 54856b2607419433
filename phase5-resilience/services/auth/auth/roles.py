"""What somebody may do beyond what is theirs; what a role opens is told in gateway/policy.conf."""

from typing import Any

from sqlalchemy import Connection, select, update

from auth.models import Account, Login
from auth.service import end_logins
from chassis.clock import now_ms
from chassis.errors import Forbidden, NotFound
from chassis.identity import Caller
from chassis.work import Work

ROLES = ("member", "moderator", "admin")
"""In the order of rank."""


def require(connection: Connection, caller: Caller, least: str, over: str | None = None) -> None:
    """Raise unless the caller has that role, and a higher one than `over`.

    As it is now: what a token says may be a quarter of an hour old.
    """
    asked = select(Account).where(Account.id.in_([caller.user_id, over]))
    found = {row.id: row for row in connection.execute(asked)}
    if over is not None and over not in found:
        raise NotFound("There is no such account.")
    own = found.get(caller.user_id)
    rank = ROLES.index(own.role) if own and own.suspended_at is None else 0
    if rank < ROLES.index(least) or (over and rank <= ROLES.index(found[over].role)):
        raise Forbidden("This takes a higher role.")


def give(work: Work, role: str, **whose: str) -> bool:
    """Give somebody, found by `user_id` or `username`, a role; return whether there is anybody."""
    return _change(work, whose, role=role)


def suspend(work: Work, user_id: str) -> None:
    """End every login of somebody; a login that begins meanwhile waits, and is refused."""
    _change(work, {"user_id": user_id}, suspended_at=now_ms())
    end_logins(work, Login.account_id == user_id)


def restore(work: Work, user_id: str) -> None:
    """Let somebody log in again."""
    _change(work, {"user_id": user_id}, suspended_at=None)


def _change(work: Work, whose: dict[str, str], **values: Any) -> bool:
    columns = {"user_id": Account.id, "username": Account.username}
    which = [columns[name] == value for name, value in whose.items()]
    return work.connection.execute(update(Account).where(*which).values(values)).rowcount > 0
