"""Which services there are, how each is known, and what it may ask of which other."""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from auth import access
from auth.keys import Keys
from auth.models import Account
from chassis.database import Database
from chassis.errors import Forbidden, Unauthenticated
from chassis.identity import Identities

SCOPES = {
    # who asks, of whom: what it may ask
    ("chat", "auth"): {
        "accounts:read",
        "accounts:close",
        "accounts:confirm",
        "accounts:moderate",
    },
    ("auth", "profiles"): {"profiles:create"},
    ("chat", "profiles"): {"people:read", "profiles:read", "profiles:erase"},
    ("chat", "messages"): {
        "timelines:write",
        "timelines:read",
        "messages:moderate",
        "written:read",
        "written:erase",
    },
    ("messages", "chat"): {"memberships:read"},
    ("realtime", "chat"): {"memberships:read"},
}


@dataclass(frozen=True)
class Clients:
    """Judges by the secrets in a directory, `client-NAME` of each."""

    directory: Path

    def client(self, authorization: str) -> str:
        """Return who shows its secret (RFC 7617); `Unauthenticated` for anybody else."""
        try:
            known = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            known = ""
        name, _, secret = known.partition(":")
        file = self.directory / f"client-{name}"
        if name in {client for client, _ in SCOPES} and file.is_file():
            # Read each time, and each line is good: a secret is replaced while this runs.
            for line in file.read_text().split():
                if hmac.compare_digest(line.encode(), secret.encode()):
                    return name
        raise Unauthenticated("Show which service you are.")


class Issuer:
    """Gives services tokens for others."""

    def __init__(self, database: Database, keys: Keys, identities: Identities) -> None:
        self._database = database
        self._keys = keys
        self._identities = identities

    def token(self, client: str, audience: str, scope: str) -> str:
        """Return a token for the service itself; `Forbidden` for what it may not ask there."""
        return self._issue(client, audience, scope, lambda _connection: None)

    def exchange(self, client: str, audience: str, scope: str, identity: str) -> str:
        """Return a token that acts for a person, with the role that they have at this moment.

        Errors: `Unauthenticated` if the gateway has not said so, or the account is closed.
        """
        caller = self._identities.caller(identity)

        def person(connection: Connection) -> Account:
            asked = select(Account.__table__).where(
                Account.id == caller.user_id, Account.suspended_at.is_(None)
            )
            row = connection.execute(asked).first()
            if row is None:
                raise Unauthenticated("This account is closed.")
            return Account(**row._mapping)  # noqa: SLF001

        return self._issue(client, audience, scope, person)

    def _issue(
        self,
        client: str,
        audience: str,
        scope: str,
        account: Callable[[Connection], Account | None],
    ) -> str:
        if not {*scope.split()} <= SCOPES.get((client, audience), set()) or not scope.strip():
            raise Forbidden("This service may not ask that there.")
        with self._database.read() as connection:
            found = account(connection)
            return access.issue_to_service(self._keys, connection, client, audience, scope, found)


class OwnTokens:
    """Tokens of the auth service itself: it has no need to ask."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer

    def token(self, audience: str, scope: str, _identity: str = "") -> str:
        """Return a token."""
        return self._issuer.token("auth", audience, scope)

    def forget(self, _audience: str, _scope: str) -> None:
        """Do nothing: each is a new one."""
