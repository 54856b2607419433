"""Accounts and logins in an archive, with the hashes of passwords and tokens."""

from collections.abc import Collection, Iterator, Sequence
from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field, StringConstraints, TypeAdapter, with_config
from sqlalchemy import Connection, select
from typing_extensions import TypedDict

from auth.models import Account, Login, RefreshToken
from chassis.archive import (
    STRICT,
    Ascending,
    Counter53,
    Moment,
    Reader,
    Refused,
    Section,
    Sha256,
    Uuid,
    parse,
)
from chassis.database import as_items, items_of
from chassis.limits import INTEGER_MAX, USERNAME_PATTERN
from chassis.rows import (
    Alongside,
    NumberedRow,
    columns,
    count_rows,
    in_batches,
    insert_rows,
    stream,
)

PasswordHash = Annotated[
    str, StringConstraints(pattern=r"^\$argon2id\$[A-Za-z0-9+/$,=]+$", max_length=512)
]


@with_config(STRICT)
class UserRecord(TypedDict):
    """An account."""

    type: Literal["user"]
    id: Uuid
    username: Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]
    password_hash: PasswordHash
    created_at: Moment
    role: NotRequired[Literal["moderator", "admin"]]
    suspended_at: NotRequired[Moment]


@with_config(STRICT)
class AccessTokenRecord(TypedDict):
    """An access token, by its hash."""

    token_hash: Sha256
    expires_at: Moment


@with_config(STRICT)
class RefreshTokenRecord(TypedDict):
    """A refresh token, by its hash."""

    token_hash: Sha256
    generation: Counter53


@with_config(STRICT)
class LoginRecord(TypedDict):
    """A login with all its tokens; the expired too: an export must not hang on the clock."""

    type: Literal["login"]
    id: Uuid
    user_id: Uuid
    created_at: Moment
    expires_at: Moment
    access_ttl: Annotated[int, Field(ge=1, le=INTEGER_MAX)]
    generation: Counter53
    rotated_at: Moment
    access_tokens: list[AccessTokenRecord]
    """Of phases that look each one up. Here they mean nothing: their clients will refresh."""
    refresh_tokens: list[RefreshTokenRecord]


_KNOWN = select(Account.id).where(Account.id.in_(items_of("user_ids")))
_DEFAULTS = {"role": "member", "suspended_at": None}
_USER = TypeAdapter(UserRecord)
_LOGIN = TypeAdapter(LoginRecord)


def unknown_people(connection: Connection, user_ids: Collection[str]) -> set[str]:
    """Return those ids that are no account's."""
    known = connection.scalars(_KNOWN, {"user_ids": as_items(user_ids)})
    return set(user_ids).difference(known)


class Users:
    """The section of accounts, in the order of ids."""

    types: Sequence[str] = ("user",)

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many accounts there are."""
        return {"user": count_rows(connection, Account)}

    def write(self, connection: Connection) -> Iterator[UserRecord]:
        """Yield every account."""
        for row in stream(connection, select(*Account.__table__.c).order_by(Account.id)):
            user = UserRecord(
                type="user",
                id=row.id,
                username=row.username,
                password_hash=row.password_hash,
                created_at=row.created_at,
            )
            if row.role != "member":
                user["role"] = row.role
            if row.suspended_at is not None:
                user["suspended_at"] = row.suspended_at
            yield user

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store accounts."""
        order = Ascending()
        for lines in in_batches(reader.take("user")):
            rows = []
            for line in lines:
                user = parse(_USER, line)
                order.check(line.number, user["id"])
                rows.append((line.number, _DEFAULTS | columns(user)))
            insert_rows(connection, Account, rows)


class Logins:
    """The section of logins, in the order of ids; their tokens in the order of hashes."""

    types: Sequence[str] = ("login",)

    def counts(self, connection: Connection) -> dict[str, int]:
        """Return how many logins there are."""
        return {"login": count_rows(connection, Login)}

    def write(self, connection: Connection) -> Iterator[LoginRecord]:
        """Yield every login."""
        refresh_tokens = Alongside(
            stream(
                connection,
                select(*RefreshToken.__table__.c).order_by(
                    RefreshToken.login_id, RefreshToken.token_hash
                ),
            ),
            lambda row: row.login_id,
        )
        for row in stream(connection, select(*Login.__table__.c).order_by(Login.id)):
            yield LoginRecord(
                type="login",
                id=row.id,
                user_id=row.account_id,
                created_at=row.created_at,
                expires_at=row.expires_at,
                access_ttl=row.access_ttl,
                generation=row.generation,
                rotated_at=row.rotated_at,
                access_tokens=[],
                refresh_tokens=[
                    RefreshTokenRecord(
                        token_hash=token.token_hash.hex(), generation=token.generation
                    )
                    for token in refresh_tokens.of(row.id)
                ],
            )

    def read(self, connection: Connection, reader: Reader) -> None:
        """Store logins and their tokens."""
        order = Ascending()
        for lines in in_batches(reader.take("login")):
            logins = [(line.number, parse(_LOGIN, line)) for line in lines]
            unknown = unknown_people(connection, {login["user_id"] for _, login in logins})
            for number, login in logins:
                order.check(number, login["id"])
                if login["user_id"] in unknown:
                    raise Refused(number, f"login.user_id: there is no user {login['user_id']}")
                _check_tokens(number, login)
            _store(connection, logins)


def _check_tokens(number: int, login: LoginRecord) -> None:
    for name in ("access_tokens", "refresh_tokens"):
        order = Ascending()
        for token in login[name]:
            order.check(number, token["token_hash"])
    if any(token["generation"] > login["generation"] for token in login["refresh_tokens"]):
        raise Refused(number, "login.refresh_tokens: a generation is beyond the login's")


def _store(connection: Connection, logins: list[tuple[int, LoginRecord]]) -> None:
    login_rows: list[NumberedRow] = []
    refresh_rows: list[NumberedRow] = []
    for number, login in logins:
        values = columns(login)
        values["account_id"] = values.pop("user_id")
        del values["access_tokens"]
        refresh_rows += _token_rows(number, login["id"], values.pop("refresh_tokens"))
        login_rows.append((number, values))
    insert_rows(connection, Login, login_rows)
    insert_rows(connection, RefreshToken, refresh_rows)


def _token_rows(
    number: int, login_id: str, tokens: Sequence[RefreshTokenRecord]
) -> Iterator[NumberedRow]:
    for token in tokens:
        values: dict[str, Any] = {**token, "login_id": login_id}
        values["token_hash"] = bytes.fromhex(token["token_hash"])
        yield number, values


def sections(_connection: Connection) -> Sequence[Section]:
    """Return the part of an archive that is auth's, in its order."""
    return (Users(), Logins())
