"""The contract's limits of messages."""

MESSAGE_BODY_MAX = 4000
"""Characters."""
CLIENT_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
REACTIONS_MAX = 20
"""Different emoji on one message."""
