"""Identifiers as the contract wants them, out of the dice."""

import uuid

from world.dice import Dice

DIRECT = uuid.UUID("8e0f8b9c-5a55-4a0e-9d52-6b3e4f0d7c11")
"""The namespace of direct conversations (common/contract/archive/README.md)."""


def uuid7(ms: int, dice: Dice) -> str:
    """Return a UUIDv7 (RFC 9562) of that moment, in milliseconds since the epoch."""
    chance = dice.bits(74)
    text = f"{ms:012x}7{chance >> 62:03x}{0x8000000000000000 | chance & (1 << 62) - 1:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def direct_id(one: str, other: str) -> str:
    """Return the id of the direct conversation of two people."""
    return str(uuid.uuid5(DIRECT, ":".join(sorted((one, other)))))
