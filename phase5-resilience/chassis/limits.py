"""What any request may ask for at once, whatever it is about."""

BATCH_MAX = 100
PAGE_MAX = 100
BODY_MAX = 64 * 1024
"""Bytes."""
INTEGER_MAX = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""

# Of messages; the system tells people, and another service keeps them.
MESSAGE_BODY_MAX = 4000
"""Characters."""
REACTIONS_MAX = 20
"""Different emoji on one message."""

# Of accounts and names, which more than one service has to know. Lengths are in characters.
USERNAME_PATTERN = r"^[a-z0-9][a-z0-9_.-]{2,31}$"
PASSWORD_MIN = 8
PASSWORD_MAX = 128
DISPLAY_NAME_MAX = 64
BIO_MAX = 500
ACCESS_TTL_MAX = 900
"""Seconds."""
