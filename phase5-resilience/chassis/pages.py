"""Keyset pages: a cursor says after which key to go on, so page 1000 costs what page 1 does."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Generic, TypedDict, TypeVar

from chassis.errors import InvalidInput

Key = tuple[int | str, ...]
Item = TypeVar("Item")


class Page(TypedDict, Generic[Item]):
    """Some items, and the cursor of the next page, if there is one."""

    items: list[Item]
    next_cursor: str | None


def encode_cursor(key: Key) -> str:
    """Return a key as an opaque, URL-safe word."""
    packed = json.dumps(key, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode_cursor(cursor: str, shape: Sequence[type]) -> Key:
    """Return the key in a cursor that this system gave out; anything else is `InvalidInput`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        # Half of a surrogate pair is JSON, but no text that a database could be asked for.
        json.dumps(key, ensure_ascii=False).encode()
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InvalidInput("cursor", "is not one that this system gave out") from error
    if not isinstance(key, list) or [type(part) for part in key] != list(shape):
        raise InvalidInput("cursor", "is not one that this system gave out")
    if any(isinstance(part, int) and abs(part) > 2**53 for part in key):
        raise InvalidInput("cursor", "is not one that this system gave out")
    return tuple(key)
