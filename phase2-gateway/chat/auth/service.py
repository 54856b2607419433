"""Registering, logging in, refreshing and logging out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypedDict

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select
from sqlalchemy.orm import Session

from chassis.clock import now_ms
from chassis.database import Database, insert_if_new
from chassis.errors import Conflict, Unauthenticated
from chassis.events import new_event
from chassis.identity import LOGINS_ENDED, Caller
from chassis.ids import new_id
from chassis.replica import rereading
from chassis.tokens import hash_token, new_token
from chassis.work import Work
from chat.auth.guesses import Guesses
from chat.auth.limits import ACCESS_TTL_MAX
from chat.auth.models import AccessToken, Account, Login, RefreshToken
from chat.auth.passwords import Passwords

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
    """Makes the profile that belongs to a new account."""

    def create(
        self, connection: Connection, user_id: str, username: str, display_name: str
    ) -> None:
        """Add the profile, in the caller's transaction; again changes nothing."""


class AuthService:
    """Accounts and logins. Every method is one transaction."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        lifetimes: Lifetimes,
        guesses: Guesses,
        profiles: ProfileCreator,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._lifetimes = lifetimes
        self._guesses = guesses
        self._profiles = profiles

    def register(self, username: str, password: str, display_name: str) -> Tokens:
        """Create an account with its profile, logged in; `UsernameTaken` if the name is."""
        password_hash = self._passwords.hash(password)
        user_id = new_id()
        with self._database.session() as (session, work):
            inserted = work.connection.execute(
                insert_if_new(Account, "username").values(
                    id=user_id, username=username, password_hash=password_hash, created_at=now_ms()
                )
            )
            if not inserted.rowcount:
                raise UsernameTaken(f"Somebody else is called {username}.")
            # One transaction for both: nobody ever sees an account without a profile.
            self._profiles.create(work.connection, user_id, username, display_name)
            return self._log_in(session, user_id, ACCESS_TTL_MAX)

    def log_in(self, username: str, password: str, access_ttl: int, address: str) -> Tokens:
        """Check the password and begin a login; `InvalidCredentials` if anything is wrong.

        `RateLimited` where too many wrong ones were tried; see `Guesses`.

        Access tokens of this login live for `access_ttl` seconds.
        """
        with self._database.read() as connection:
            found = connection.execute(
                select(Account.id, Account.password_hash).where(
                    Account.username == username.lower()
                )
            ).first()
        with self._guesses.guess(username.lower(), found and found.id, address):
            fitting = self._passwords.verify(found.password_hash if found else None, password)
            if found is None or fitting is None:
                raise InvalidCredentials("The username or the password is wrong.")
        self._guesses.used(found.id, address)
        with self._database.session() as (session, work):
            if fitting != found.password_hash:
                session.get_one(Account, found.id).password_hash = fitting
            _forget_expired(work, found.id)
            return self._log_in(session, found.id, access_ttl)

    @rereading
    def authenticate(self, access_token: str) -> Caller:
        """Return whose access token this is; `Unauthenticated` when unknown, expired or ended."""
        values = {"hash": hash_token(access_token), "now": now_ms()}
        with self._database.read(fresh_for=()) as connection:
            row = connection.execute(_CALLER, values).first()
        if row is None:  # or so new that a replica does not have it yet
            with self._database.read() as connection:
                row = connection.execute(_CALLER, values).first()
        if row is None:
            raise Unauthenticated("The access token is unknown, expired or revoked.")
        return Caller(user_id=row[0], login_id=row[1])

    def is_alive(self, caller: Caller) -> bool:
        """Return whether the caller's login has not ended. An expired access token ends none."""
        with self._database.read() as connection:
            found = connection.scalar(select(Login.id).where(Login.id == caller.login_id))
        return found is not None

    def refresh(self, refresh_token: str, address: str) -> Tokens:
        """Exchange a refresh token for new tokens (RFC 9700, 4.14.2: rotation).

        An answer can get lost, and two tabs can refresh at once: so the direct predecessor works
        too, for a moment, until one of its successors is used. Whoever comes with an older token
        may be a thief, or the victim of one: the login ends for both.
        """
        now = now_ms()
        with self._database.session() as (session, work):
            token = session.get(RefreshToken, hash_token(refresh_token))
            login = session.get(Login, token.login_id, with_for_update=True) if token else None
            if not token or not login:
                raise InvalidRefreshToken("The refresh token is unknown, or its login has ended.")
            if self._is_spent(token, login, now):
                session.delete(login)
                _announce_ended(work, [login.id])
            else:
                self._guesses.used(login.account_id, address)
                return self._rotate(session, token, login, now)
        raise InvalidRefreshToken("The refresh token was used before; its login has been ended.")

    def log_out(self, caller: Caller) -> None:
        """End the caller's login."""
        with self._database.write() as work:
            work.connection.execute(delete(Login).where(Login.id == caller.login_id))
            _announce_ended(work, [caller.login_id])

    def log_out_everywhere(self, caller: Caller) -> None:
        """End every login of the caller, this one too."""
        with self._database.write() as work:
            _end_logins(work, Login.account_id == caller.user_id)

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
        _forget_oldest_tokens(session, login)
        return self._issue(session, login, now)

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


def _forget_expired(work: Work, account_id: str) -> None:
    _end_logins(work, Login.account_id == account_id, Login.expires_at <= now_ms())


def _end_logins(work: Work, *which: ColumnElement[bool]) -> None:
    ended = work.connection.scalars(delete(Login).where(*which).returning(Login.id)).all()
    _announce_ended(work, ended)


def _announce_ended(work: Work, login_ids: Sequence[str]) -> None:
    if login_ids:
        work.announce(new_event(LOGINS_ENDED, {"login_ids": list(login_ids)}))


def _forget_oldest_tokens(session: Session, login: Login) -> None:
    """Make room for new ones among `TOKENS_KEPT`. A forgotten refresh token ends nothing."""
    for kind, age in (
        (RefreshToken, RefreshToken.generation),
        (AccessToken, AccessToken.expires_at),
    ):
        oldest = (
            select(kind.token_hash)
            .where(kind.login_id == login.id)
            .order_by(age.desc(), kind.token_hash)
            .offset(TOKENS_KEPT - 1)
        )
        session.execute(delete(kind).where(kind.token_hash.in_(oldest)))
