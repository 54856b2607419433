"""Who is in which conversation: what was asked and what is heard, in whatever order they come."""

from collections.abc import Callable

import pytest

from chassis.errors import NotReady
from realtime.subscriptions import Subscriptions

Ask = Callable[[], object]


class Asked:
    """Answers with what is so, and lets something happen before or after it looks."""

    def __init__(self, *conversation_ids: str) -> None:
        self.known = {*conversation_ids}
        self.before: Ask = lambda: None
        self.after: Ask = lambda: None

    def __call__(self, _user_id: str) -> list[str]:
        self.before()
        found = list(self.known)
        self.after()
        return found


def test_somebody_is_subscribed_for_as_long_as_they_are_here() -> None:
    subscriptions = Subscriptions(Asked("a", "b"))
    for _ in range(2):
        subscriptions.enter("ann")
    assert subscriptions.people(["a", "x"]) == {"ann"}
    subscriptions.leave("ann")
    assert subscriptions.conversations("ann") == {"a", "b"}
    subscriptions.leave("ann")
    assert subscriptions.people(["a", "b"]) == set()
    subscriptions.changed("c", ["ann"], joined=True)
    assert subscriptions.people(["c"]) == set(), "who is not here is asked about as they come"


def test_changes_count_from_when_they_are_heard() -> None:
    subscriptions = Subscriptions(Asked("a"))
    subscriptions.enter("ann")
    subscriptions.changed("b", ["ann", "ben"], joined=True)
    subscriptions.changed("a", ["ann"], joined=False)
    assert subscriptions.conversations("ann") == {"b"}
    assert subscriptions.people(["a", "b"]) == {"ann"}


@pytest.mark.parametrize("heard", ["before", "after"])
def test_what_is_heard_while_it_is_asked_holds_whichever_the_answer_was(heard: str) -> None:
    asked = Asked("old")
    subscriptions = Subscriptions(asked)

    def change() -> None:
        subscriptions.changed("new", ["ann"], joined=True)
        subscriptions.changed("old", ["ann"], joined=False)

    setattr(asked, heard, change)
    subscriptions.enter("ann")
    assert subscriptions.conversations("ann") == {"new"}
    assert subscriptions.people(["old"]) == set()


def test_the_last_of_several_changes_holds() -> None:
    asked = Asked("a")
    subscriptions = Subscriptions(asked)

    def change() -> None:
        for joined in (False, True, False):
            subscriptions.changed("a", ["ann"], joined=joined)

    asked.after = change
    subscriptions.enter("ann")
    assert subscriptions.conversations("ann") == set()


def test_two_who_ask_at_once_lose_no_change() -> None:
    asked = Asked()
    subscriptions = Subscriptions(asked)

    def second() -> None:
        asked.after = lambda: None
        subscriptions.enter("ann")
        subscriptions.changed("a", ["ann"], joined=True)

    asked.after = second  # the first has its answer, and is overtaken
    subscriptions.enter("ann")
    assert subscriptions.people(["a"]) == {"ann"}


def test_nothing_is_left_of_somebody_about_whom_nobody_can_say_anything() -> None:
    asked = Asked("a")
    subscriptions = Subscriptions(asked)

    def fail() -> None:
        subscriptions.changed("b", ["ann"], joined=True)
        raise NotReady("away")

    asked.before = fail
    with pytest.raises(NotReady):
        subscriptions.enter("ann")
    assert subscriptions.people(["a", "b"]) == set()
    assert subscriptions._noted == {}
    assert subscriptions._conversations == {}
