"""Identifiers are made by the application, never by the database."""

import uuid_utils


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562): unique anywhere, and sorted by the time it was made."""
    return str(uuid_utils.uuid7())
