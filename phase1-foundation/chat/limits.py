"""The contract's limits, for request schemas and `GET /system`. Lengths are in characters."""

USERNAME_PATTERN = r"^[a-z0-9][a-z0-9_.-]{2,31}$"
PASSWORD_MIN = 8
PASSWORD_MAX = 128
DISPLAY_NAME_MAX = 64
BIO_MAX = 500
GROUP_NAME_MAX = 80
GROUP_MEMBERS_MAX = 250
MESSAGE_BODY_MAX = 4000
CLIENT_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
REACTIONS_MAX = 20
"""Different emoji on one message."""
ACCESS_TTL_MAX = 900
"""Seconds."""
