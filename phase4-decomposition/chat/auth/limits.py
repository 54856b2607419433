"""The contract's limits of accounts and logins. Lengths are in characters."""

USERNAME_PATTERN = r"^[a-z0-9][a-z0-9_.-]{2,31}$"
PASSWORD_MIN = 8
PASSWORD_MAX = 128
ACCESS_TTL_MAX = 900
"""Seconds."""
