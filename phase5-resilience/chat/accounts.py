"""Accounts are the auth service's: what the monolith asks it, for itself or in somebody's name."""

from pathlib import Path
from typing import Any, NamedTuple

from chassis.calls import Calls, Pool, Transport
from chassis.identity import Caller
from chassis.service_tokens import FetchedTokens


class Account(NamedTuple):
    """What an account holds, for an export."""

    account: list[dict[str, Any]]
    logins: list[dict[str, Any]]


def calls_to_auth(url: str, secret: Path, transport: Transport | None = None) -> Calls:
    """Return what asks the auth service, with tokens that it gives to who knows the secret."""
    transport = transport or Pool(url)
    tokens = FetchedTokens(Calls("auth", transport), "chat", secret)
    return Calls("auth", transport, tokens)


def calls_to_messages(
    url: str,
    auth_url: str,
    secret: Path,
    transport: Transport | None = None,
    timeout: float = 2.0,
) -> Calls:
    """Return what asks the messages service."""
    tokens = FetchedTokens(Calls("auth", Pool(auth_url)), "chat", secret)
    return Calls("messages", transport or Pool(url), tokens, timeout)


class Accounts:
    """Errors of each method: `NotReady` if auth does not answer; what it refuses."""

    def __init__(self, auth: Calls) -> None:
        self._auth = auth

    def ended_since(self, moment: int) -> tuple[dict[str, int], int]:
        """Return which logins have ended since then, and when, and the present; in milliseconds."""
        told = self._auth.call("GET", f"/ended-logins?since={moment}")
        return told["ended"], told["now"]

    def require_role(self, caller: Caller, least: str) -> None:
        """Raise `Forbidden` unless the caller has that role by now, or a higher one."""
        self._in_name_of(caller, "GET", f"/me/roles/{least}")

    def suspend(self, caller: Caller, user_id: str) -> None:
        """End every login of somebody of a lower role, and let them begin no other."""
        self._in_name_of(caller, "PUT", f"/accounts/{user_id}/suspension")

    def restore(self, caller: Caller, user_id: str) -> None:
        """Let somebody log in again."""
        self._in_name_of(caller, "DELETE", f"/accounts/{user_id}/suspension")

    def give_role(self, caller: Caller, user_id: str, role: str) -> None:
        """Say what somebody may do, from their next access token on."""
        self._in_name_of(caller, "PUT", f"/accounts/{user_id}/role", {"role": role})

    def confirm(self, caller: Caller, password: str, address: str) -> None:
        """Raise `InvalidInput` unless this is the caller's password; a wrong one is a guess."""
        said = {"password": password, "address": address}
        scope, identity = "accounts:confirm", caller.identity
        self._auth.call("POST", "/me/confirmations", said, scope=scope, identity=identity)

    def close(self, user_id: str) -> None:
        """End every login of somebody who wants to be gone; again changes nothing."""
        self._auth.call("PUT", f"/accounts/{user_id}/closure", scope="accounts:close")

    def erase(self, user_id: str) -> str:
        """Leave an account that is nobody's; return the name that it has now."""
        told = self._auth.call("DELETE", f"/accounts/{user_id}", scope="accounts:close")
        return str(told["username"])

    def export(self, user_id: str) -> Account:
        """Return what is known of somebody."""
        return Account(**self._auth.call("GET", f"/accounts/{user_id}", scope="accounts:read"))

    def _in_name_of(self, caller: Caller, method: str, path: str, said: object = None) -> None:
        scope, identity = "accounts:moderate", caller.identity
        self._auth.call(method, path, said, scope=scope, identity=identity)
