"""The profile of a new account: another service makes it."""

import structlog

from chassis import context
from chassis.calls import Calls
from chassis.errors import Unavailable

log = structlog.get_logger()


class Profiles:
    """Asks who has the profiles."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def create(self, user_id: str, username: str, display_name: str) -> None:
        """Have a profile made, so that its owner finds it at once; never fails.

        Not needed for its sake: the event of the registration comes to the same, somewhat later.
        """
        said = {"username": username, "display_name": display_name}
        try:
            self._calls.call("PUT", f"/profiles/{user_id}", said, scope="profiles:create")
        except Unavailable as error:
            log.warning("profile.later", user_id=user_id, reason=str(error))
            context.degrade("profiles")
        except Exception:
            log.exception("profile.later", user_id=user_id)
            context.degrade("profiles")
