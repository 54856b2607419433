"""What the conversations domain needs of others: the timeline of messages, and people."""

from collections.abc import Sequence
from typing import Any, Protocol

from chassis.errors import InvalidInput
from events.timelines import Change, Standing


class Timelines(Protocol):
    """The timelines of conversations, as seen from here. Errors: `NotReady`."""

    def bring(self, conversation_id: str, change: Change) -> Standing:
        """Bring a change of the membership in, if it is not there; return how far that is."""

    def standings(self, conversation_ids: Sequence[str]) -> list[Standing]:
        """Return how far these timelines are; of one that is not there, nothing."""


class People(Protocol):
    """What the conversations domain needs to know of people."""

    def missing(self, user_ids: Any) -> set[str]:
        """Return those ids that are nobody's."""


def require_known(field: str, user_ids: Sequence[str], missing: set[str]) -> None:
    """Raise `InvalidInput` that names the first place in `field` where nobody stands."""
    for position, user_id in enumerate(user_ids):
        if user_id in missing:
            raise InvalidInput(f"{field}.{position}", "there is no such person")
