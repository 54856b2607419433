"""Who is calling, and who judges that."""

from dataclasses import dataclass
from typing import Protocol

LOGINS_ENDED = "logins.ended"
"""The event that tells the system itself that logins have ended: `{"login_ids": […]}`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, and the login (one device, one browser) through which they speak."""

    user_id: str
    login_id: str


class Authenticator(Protocol):
    """Judges access tokens."""

    def authenticate(self, access_token: str) -> Caller:
        """Return whose token this is, or raise `Unauthenticated`."""
