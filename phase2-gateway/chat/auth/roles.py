"""What somebody may do beyond what is theirs. What a role opens is told in gateway/policy.conf."""

from sqlalchemy import ColumnElement, Connection, select, update

from chassis.work import Work
from chat.auth.models import Account

ROLES = ("member", "moderator", "admin")
"""In the order of rank."""


def role_of(connection: Connection, user_id: str) -> str | None:
    """Return somebody's role as it is now; None if there is no such account."""
    return connection.scalar(select(Account.role).where(Account.id == user_id))


def give_role(work: Work, role: str, *, username: str) -> bool:
    """Give somebody a role; return whether there is such an account."""
    return _change(work, Account.username == username, role)


def _change(work: Work, which: ColumnElement[bool], role: str) -> bool:
    changed = work.connection.execute(update(Account).where(which).values(role=role))
    return changed.rowcount > 0
