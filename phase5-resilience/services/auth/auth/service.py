"""Registering, logging in, refreshing and logging out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from auth import access
from auth.catalogue import REGISTERED
from auth.guesses import Guesses
from auth.keys import Keys
from auth.models import Account, EndedLogin, Login, RefreshToken
from auth.passwords import Passwords
from auth.profiles import Profiles
from chassis.clock import now_ms
from chassis.database import Database, insert_if_new
from chassis.errors import Conflict, Forbidden, InvalidInput, Unauthenticated
from chassis.events import new_event
from chassis.identity import LOGINS_ENDED, Caller
from chassis.ids import new_id
from chassis.limits import ACCESS_TTL_MAX
from chassis.tokens import hash_token, new_token
from chassis.work import Work

TOKENS_KEPT = 1000
"""Of one login. Nobody's own device comes near it; a loop must not fill the disk."""

REMEMBERED = (ACCESS_TTL_MAX + 60) * 1000
"""Milliseconds after which a login that has ended has no access token any more."""


class UsernameTaken(Conflict):
    """Somebody else has that name."""

    slug = "username-taken"
    title = "Username taken"


class InvalidCredentials(Unauthenticated):
    """No such account, or another password: which of the two is not said."""

    slug = "invalid-credentials"
    title = "Wrong username or password"


class AccountSuspended(Forbidden):
    """A moderator has closed the account; said only to who knows the password."""

    slug = "account-suspended"
    title = "Account suspended"


class InvalidRefreshToken(Unauthenticated):
    """Unknown, expired, or used up."""

    slug = "invalid-refresh-token"
    title = "Login expired"


class Tokens(TypedDict):
    """What a login or a refresh gives the client. Lifetimes are in seconds."""

    user_id: str
    login_id: str
    roles: list[str]
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


class AuthService:
    """Accounts and logins. Every method is one transaction."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        keys: Keys,
        lifetimes: Lifetimes,
        guesses: Guesses,
        profiles: Profiles,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._keys = keys
        self._lifetimes = lifetimes
        self._guesses = guesses
        self._profiles = profiles

    def register(self, username: str, password: str, display_name: str) -> Tokens:
        """Create an account, logged in, and its profile; `UsernameTaken` if the name is."""
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
            person = {"user_id": user_id, "username": username, "display_name": display_name}
            work.announce(new_event(REGISTERED, person))
            tokens = self._log_in(session, user_id, ACCESS_TTL_MAX)
        # Not before: an account that is rolled back must leave no profile. Where this does not
        # succeed, the event does.
        self._profiles.create(user_id, username, display_name)
        return tokens

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

    def confirm(self, caller: Caller, password: str, address: str) -> None:
        """Raise `InvalidInput` unless this is the caller's password; a wrong one is a guess."""
        with self._database.read() as connection:
            own = select(Account.username, Account.password_hash)
            found = connection.execute(own.where(Account.id == caller.user_id)).one()
        try:
            with self._guesses.guess(found.username, caller.user_id, address):
                self._require(found.password_hash, password)
        except InvalidCredentials:
            raise InvalidInput("password", "is not the password of this account") from None

    def _require(self, password_hash: str, password: str) -> None:
        if self._passwords.verify(password_hash, password) is None:
            raise InvalidCredentials

    def ended_since(self, moment: int) -> tuple[dict[str, int], int]:
        """Return which logins have ended since then, and when, and the present; in milliseconds.

        The moment is when an end was written down, not when it was committed: ask for some more.
        """
        now = now_ms()
        since = max(moment, now - REMEMBERED)
        with self._database.read() as connection:
            statement = select(EndedLogin.login_id, EndedLogin.ended_at)
            rows = connection.execute(statement.where(EndedLogin.ended_at > since)).all()
        return {row.login_id: row.ended_at for row in rows}, now

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
                _end(work, [login.id])
            else:
                self._guesses.used(login.account_id, address)
                return self._rotate(session, token, login, now)
        raise InvalidRefreshToken("The refresh token was used before; its login has been ended.")

    def log_out(self, caller: Caller) -> None:
        """End the caller's login."""
        with self._database.write() as work:
            work.connection.execute(delete(Login).where(Login.id == caller.login_id))
            _end(work, [caller.login_id])

    def log_out_everywhere(self, caller: Caller) -> None:
        """End every login of the caller, this one too."""
        with self._database.write() as work:
            end_logins(work, Login.account_id == caller.user_id)

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
        _forget_oldest_tokens(session, login)
        return self._issue(session, login)

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
        return self._issue(session, login)

    def _issue(self, session: Session, login: Login) -> Tokens:
        # Locked: who is being suspended at this moment begins no login.
        account = session.get_one(
            Account, login.account_id, with_for_update={"read": True}, populate_existing=True
        )
        if account.suspended_at is not None:
            raise AccountSuspended("This account has been suspended.")
        refresh_token = new_token()
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
            roles=[account.role],
            token_type="Bearer",  # noqa: S106 - the name of a scheme
            access_token=access.issue(self._keys, session.connection(), account, login),
            expires_in=login.access_ttl,
            refresh_token=refresh_token,
            refresh_expires_in=self._lifetimes.refresh,
        )


def _forget_expired(work: Work, account_id: str) -> None:
    end_logins(work, Login.account_id == account_id, Login.expires_at <= now_ms())


def end_logins(work: Work, *which: ColumnElement[bool]) -> None:
    """End those logins."""
    ended = work.connection.scalars(delete(Login).where(*which).returning(Login.id)).all()
    if ended:
        _end(work, ended)


def _end(work: Work, login_ids: Sequence[str]) -> None:
    """Have the gateway refuse the tokens of these logins, and their sockets closed."""
    now = now_ms()
    work.connection.execute(delete(EndedLogin).where(EndedLogin.ended_at < now - REMEMBERED))
    rows = [{"login_id": login_id, "ended_at": now} for login_id in login_ids]
    work.connection.execute(insert_if_new(EndedLogin, "login_id").values(rows))
    work.announce(new_event(LOGINS_ENDED, {"login_ids": list(login_ids)}))


def _forget_oldest_tokens(session: Session, login: Login) -> None:
    """Make room for new ones among `TOKENS_KEPT`. A forgotten refresh token ends nothing."""
    oldest = (
        select(RefreshToken.token_hash)
        .where(RefreshToken.login_id == login.id)
        .order_by(RefreshToken.generation.desc(), RefreshToken.token_hash)
        .offset(TOKENS_KEPT - 1)
    )
    session.execute(delete(RefreshToken).where(RefreshToken.token_hash.in_(oldest)))
