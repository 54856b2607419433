"""Registering, logging in, refreshing and logging out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

from sqlalchemy import bindparam, delete, literal_column, select
from sqlalchemy.orm import Session

from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import Conflict, Unauthenticated
from chassis.identity import Caller
from chassis.ids import new_id
from chat.auth.models import AccessToken, Account, Login, RefreshToken
from chat.auth.passwords import Passwords
from chat.auth.tokens import hash_token, new_token
from chat.limits import ACCESS_TTL_MAX

TOKENS_KEPT = 1000
"""Of one login, of each kind. Nobody's own device comes near it; a loop must not fill the disk."""

_CALLER = (
    select(Login.account_id, Login.id)
    .join(AccessToken, AccessToken.login_id == Login.id)
    .where(AccessToken.token_hash == bindparam("hash"), AccessToken.expires_at > bindparam("now"))
)


class UsernameTaken(Conflict):
    """Somebody else has that name."""

    slug = "username-taken"
    title = "Username taken"


class InvalidCredentials(Unauthenticated):
    """No such account, or another password: which of the two is not said."""

    slug = "invalid-credentials"
    title = "Wrong username or password"


class InvalidRefreshToken(Unauthenticated):
    """Unknown, expired, or used up."""

    slug = "invalid-refresh-token"
    title = "Login expired"


class Tokens(TypedDict):
    """What a login or a refresh gives the client. Lifetimes are in seconds."""

    user_id: str
    login_id: str
    token_type: str
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """In seconds."""

    refresh: int
    grace: int
    """How long the predecessor of an unused refresh token still works."""


class ProfileCreator(Protocol):
    """Makes the profile that belongs to a new account, in the same transaction."""

    def create(self, session: Session, user_id: str, username: str, display_name: str) -> None:
        """Add the profile."""


class SocketCloser(Protocol):
    """Closes the sockets of logins that have ended."""

    def close_logins(self, login_ids: Collection[str]) -> None:
        """Close them soon; never fails, never waits."""


class AuthService:
    """Accounts and logins. Every method is one transaction."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        lifetimes: Lifetimes,
        profiles: ProfileCreator,
        sockets: SocketCloser,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._lifetimes = lifetimes
        self._profiles = profiles
        self._sockets = sockets

    def register(self, username: str, password: str, display_name: str) -> Tokens:
        """Create an account with its profile, logged in; `UsernameTaken` if the name is."""
        password_hash = self._passwords.hash(password)
        with self._database.session() as session:
            if session.scalar(select(Account.id).where(Account.username == username)):
                raise UsernameTaken(f"Somebody else is called {username}.")
            account = Account(
                id=new_id(), username=username, password_hash=password_hash, created_at=now_ms()
            )
            session.add(account)
            session.flush()
            self._profiles.create(session, account.id, username, display_name)
            return self._log_in(session, account.id, ACCESS_TTL_MAX)

    def log_in(self, username: str, password: str, access_ttl: int) -> Tokens:
        """Check the password and begin a login; `InvalidCredentials` if anything is wrong.

        Access tokens of this login live for `access_ttl` seconds.
        """
        with self._database.read() as connection:
            found = connection.execute(
                select(Account.id, Account.password_hash).where(
                    Account.username == username.lower()
                )
            ).first()
        fitting = self._passwords.verify(found.password_hash if found else None, password)
        if found is None or fitting is None:
            raise InvalidCredentials("The username or the password is wrong.")
        with self._database.session() as session:
            if fitting != found.password_hash:
                session.get_one(Account, found.id).password_hash = fitting
            ended = self._forget_expired(session, found.id)
            tokens = self._log_in(session, found.id, access_ttl)
        self._sockets.close_logins(ended)
        return tokens

    def authenticate(self, access_token: str) -> Caller:
        """Return whose access token this is; `Unauthenticated` when unknown, expired or ended."""
        with self._database.read() as connection:
            row = connection.execute(
                _CALLER, {"hash": hash_token(access_token), "now": now_ms()}
            ).first()
        if row is None:
            raise Unauthenticated("The access token is unknown, expired or revoked.")
        return Caller(user_id=row[0], login_id=row[1])

    def is_alive(self, caller: Caller) -> bool:
        """Return whether the caller's login has not ended. An expired access token ends none."""
        with self._database.read() as connection:
            found = connection.scalar(select(Login.id).where(Login.id == caller.login_id))
        return found is not None

    def refresh(self, refresh_token: str) -> Tokens:
        """Exchange a refresh token for new tokens (RFC 9700, 4.14.2: rotation).

        An answer can get lost, and two tabs can refresh at once: so the direct predecessor works
        too, for a moment, until one of its successors is used. Whoever comes with an older token
        may be a thief, or the victim of one: the login ends for both.
        """
        now = now_ms()
        ended: str | None = None
        with self._database.session() as session:
            token = session.get(RefreshToken, hash_token(refresh_token))
            login = session.get(Login, token.login_id) if token else None
            if not token or not login:
                raise InvalidRefreshToken("The refresh token is unknown, or its login has ended.")
            if self._is_spent(token, login, now):
                session.delete(login)
                ended = login.id
            else:
                return self._rotate(session, token, login, now)
        self._sockets.close_logins([ended])
        raise InvalidRefreshToken("The refresh token was used before; its login has been ended.")

    def log_out(self, caller: Caller) -> None:
        """End the caller's login."""
        with self._database.write() as connection:
            connection.execute(delete(Login).where(Login.id == caller.login_id))
        self._sockets.close_logins([caller.login_id])

    def log_out_everywhere(self, caller: Caller) -> None:
        """End every login of the caller, this one too."""
        with self._database.write() as connection:
            ended = connection.scalars(
                delete(Login).where(Login.account_id == caller.user_id).returning(Login.id)
            ).all()
        self._sockets.close_logins(ended)

    def _is_spent(self, token: RefreshToken, login: Login, now: int) -> bool:
        if now >= login.expires_at:
            return True
        if token.generation == login.generation:
            return False
        in_grace = now - login.rotated_at < self._lifetimes.grace * 1000
        return not (token.generation == login.generation - 1 and in_grace)

    def _rotate(self, session: Session, token: RefreshToken, login: Login, now: int) -> Tokens:
        if token.generation == login.generation:
            login.generation += 1
            login.rotated_at = now
        login.expires_at = now + self._lifetimes.refresh * 1000
        session.execute(
            delete(AccessToken).where(
                AccessToken.login_id == login.id, AccessToken.expires_at <= now
            )
        )
        tokens = self._issue(session, login, now)
        _forget_oldest_tokens(session, login)
        return tokens

    def _log_in(self, session: Session, account_id: str, access_ttl: int) -> Tokens:
        now = now_ms()
        login = Login(
            id=new_id(),
            account_id=account_id,
            created_at=now,
            expires_at=now + self._lifetimes.refresh * 1000,
            access_ttl=access_ttl,
            generation=0,
            rotated_at=now,
        )
        session.add(login)
        session.flush()
        return self._issue(session, login, now)

    def _issue(self, session: Session, login: Login, now: int) -> Tokens:
        access_token, refresh_token = new_token(), new_token()
        session.add(
            AccessToken(
                token_hash=hash_token(access_token),
                login_id=login.id,
                expires_at=now + login.access_ttl * 1000,
            )
        )
        session.add(
            RefreshToken(
                token_hash=hash_token(refresh_token),
                login_id=login.id,
                generation=login.generation,
            )
        )
        return Tokens(
            user_id=login.account_id,
            login_id=login.id,
            token_type="Bearer",  # noqa: S106 - the name of a scheme
            access_token=access_token,
            expires_in=login.access_ttl,
            refresh_token=refresh_token,
            refresh_expires_in=self._lifetimes.refresh,
        )

    def _forget_expired(self, session: Session, account_id: str) -> Sequence[str]:
        expired = (Login.account_id == account_id, Login.expires_at <= now_ms())
        return session.scalars(delete(Login).where(*expired).returning(Login.id)).all()


def _forget_oldest_tokens(session: Session, login: Login) -> None:
    """Delete what is over `TOKENS_KEPT`. Such an old refresh token is unknown: it ends nothing."""
    for kind, age in (
        (RefreshToken, RefreshToken.generation),
        (AccessToken, AccessToken.expires_at),
    ):
        oldest = (
            select(kind.token_hash)
            .where(kind.login_id == login.id)
            .order_by(age.desc(), literal_column("rowid").desc())
            .offset(TOKENS_KEPT)
        )
        session.execute(delete(kind).where(kind.token_hash.in_(oldest)))
