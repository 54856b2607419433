"""An account and its logins: to hand them out, and to take them away."""

import base64
import secrets
from typing import Any

from sqlalchemy import Connection, select, update

from auth.models import Account, Login
from auth.service import end_logins
from chassis.clock import now_ms, rfc3339
from chassis.work import Work


def account(connection: Connection, user_id: str) -> list[dict[str, Any]]:
    """Return an account without what lets somebody in."""
    own = select(Account.id, Account.username, Account.role, Account.created_at)
    rows = connection.execute(own.where(Account.id == user_id)).mappings()
    return [{**row, "created_at": rfc3339(row["created_at"])} for row in rows]


def logins(connection: Connection, user_id: str) -> list[dict[str, Any]]:
    """Return where somebody is logged in, without what lets them in."""
    own = select(Login.id, Login.created_at, Login.expires_at).where(Login.account_id == user_id)
    return [
        {"id": row.id, "created_at": rfc3339(row.created_at), "expires_at": rfc3339(row.expires_at)}
        for row in connection.execute(own.order_by(Login.id))
    ]


def erase(work: Work, user_id: str) -> str:
    """Leave an account that is nobody's; return the name that it has now.

    The row stays: messages, notices and the trail name people by id.
    """
    end_logins(work, Login.account_id == user_id)
    username = f"deleted-{secrets.token_hex(12)}"
    nothing_fits = f"$argon2id$v=19$m=19456,t=2,p=1${_random(16)}${_random(32)}"
    work.connection.execute(
        update(Account)
        .where(Account.id == user_id)
        .values(username=username, password_hash=nothing_fits, role="member", suspended_at=now_ms())
    )
    return username


def _random(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
