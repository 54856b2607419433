"""The reference client's timeline: what a client that was away does to know everything again."""

from client.person import Json, Person


class Timeline:
    """One conversation as a client keeps it: messages by id, and the rev up to which it is true."""

    def __init__(self, person: Person, conversation_id: str) -> None:
        self._person = person
        self._conversation_id = conversation_id
        self.messages: dict[str, Json] = {}
        self.rev = 0
        self.largest_page = 0

    def catch_up(self, limit: int = 50) -> "Timeline":
        """Take in every change since the last time, page by page."""
        while True:
            page = self._person.page_of_changes(self._conversation_id, self.rev, limit)
            self.take_in(page)
            if not page["has_more"]:
                return self

    def take_in(self, page: Json) -> None:
        """Apply one page of changes."""
        revs = [message["rev"] for message in page["items"]]
        assert revs == sorted(set(revs)), f"changes are not ascending by rev: {revs}"
        assert all(rev > self.rev for rev in revs), f"old changes after rev {self.rev}: {revs}"
        assert page["next_after"] >= max([self.rev, *revs]), "next_after lies before the page's end"
        assert not page["has_more"] or page["next_after"] > self.rev, "a page without progress"
        self.messages.update({message["id"]: message for message in page["items"]})
        self.largest_page = max(self.largest_page, len(revs))
        self.rev = page["next_after"]

    @property
    def in_order(self) -> list[Json]:
        """The messages by seq."""
        return sorted(self.messages.values(), key=lambda message: int(message["seq"]))
