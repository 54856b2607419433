"""Somebody with rights, for the contract's tests: only who runs a system can appoint the first."""

import json
import secrets
import urllib.request
from typing import Any

from lab.data import Data
from lab.instance import Instance

_PATIENCE = 20.0  # seconds


def appoint(instance: Instance, url: str) -> list[str]:
    """Make an admin where the system has such; return the words that tell the suite of them."""
    if "moderation" not in _ask(f"{url}/api/v1/system")["capabilities"]:
        return []
    name, password = f"admin-{secrets.token_hex(4)}", secrets.token_hex(8)
    account = {"username": name, "password": password, "display_name": "Admin"}
    _ask(f"{url}/api/v1/auth/register", account)
    Data(instance, quiet=True).give_role(name, "admin")
    return ["--admin", f"{name}:{password}"]


def _ask(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - an address of ours
    with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
        return json.load(answer)
