"""Tables of the auth domain. Tokens are stored as hashes only."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from chassis.database import Base


class Account(Base):
    """A name and the hash of a password. Its id is the person's id everywhere."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    created_at: Mapped[int]
    role: Mapped[str] = mapped_column(default="member")
    suspended_at: Mapped[int | None]


class Login(Base):
    """One device that is logged in. Ending a login deletes the row, and its tokens with it."""

    __tablename__ = "logins"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[int]
    expires_at: Mapped[int]
    access_ttl: Mapped[int]
    generation: Mapped[int]
    """How often the refresh token has rotated."""
    rotated_at: Mapped[int]
    """When the first refresh token of the present generation was given out."""


class RefreshToken(Base):
    """A refresh token of its login: of the present generation, or an earlier one, to know it by."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    login_id: Mapped[str] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int]


class EndedLogin(Base):
    """A login whose access tokens may not have expired: the gateway is to refuse them."""

    __tablename__ = "ended_logins"
    __table_args__ = ({"info": {"is_data": False}},)

    login_id: Mapped[str] = mapped_column(primary_key=True)
    ended_at: Mapped[int] = mapped_column(index=True)


class SigningKey(Base):
    """Signs access tokens, from some seconds after it was made until there is a newer one."""

    __tablename__ = "signing_keys"
    __table_args__ = ({"info": {"is_data": False}},)

    id: Mapped[str] = mapped_column(primary_key=True)
    private_key: Mapped[bytes]
    """PKCS #8, encrypted with a secret that is not in the database: nor in a copy of it."""
    public_key: Mapped[bytes]
    created_at: Mapped[int]
