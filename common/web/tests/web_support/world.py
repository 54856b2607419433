"""A small world that looks lived in: for the screenshots, and for the views that are checked."""

from dataclasses import dataclass

from web_support.people import Person

CAST = ("Ada Lovelace", "Grace Hopper", "Edsger Dijkstra", "Barbara Liskov", "نجيب محفوظ")
TALK = [
    (1, "Morning! The load test from last night is in."),
    (1, "Short version: **reads are fine**, writes wait for each other."),
    (0, "How long do they wait?"),
    (2, "Longer than I would like to defend in a lecture."),
    (3, "Before we add anything, let us *measure* one send. I put it in `bench/send.py`:"),
    (3, "```\nwith timed('send'):\n    client.post(url, json=body)\n```"),
    (0, "Good. Then the cache can come later, when we know what it buys."),
    (4, "صباح الخير! النتائج جاهزة الآن"),
    (1, "Notes for Thursday: https://example.org/notes/thursday"),
    (2, "I will be brief. For once."),
    (0, "I will believe it when I see it."),
    (3, "Numbers are up. A send is four statements and one commit."),
]
REACTIONS = [(0, 0, "🎉"), (2, 0, "🎉"), (3, 1, "👀"), (1, 10, "😂"), (3, 10, "😂")]


@dataclass
class World:
    """Five people; `room` is their group, the first of them is whose browser is shown."""

    people: list[Person]
    room: str
    reply: str

    @property
    def hero(self) -> Person:
        """Whose browser it is."""
        return self.people[0]

    def something_new(self) -> None:
        """Let the hero have read all but one message of the group."""
        hero = self.hero
        seen = hero.call("GET", f"/conversations/{self.room}")["last_seq"]
        hero.call("PUT", f"/conversations/{self.room}/read", seq=seen)
        self.people[3].say(self.room, "One more thing: the meeting is in room 4.")

    def close(self) -> None:
        """Let go of everybody's connections."""
        for person in self.people:
            person.close()


def make_world(url: str) -> World:
    """Register the cast and let them talk."""
    people = [Person.register(url, name) for name in CAST]
    hero, grace, edsger, barbara, _ = people
    hero.call("PATCH", "/profiles/me", bio="Wrote the first program before there was a machine.")
    quiet = hero.group("Reading group", people[1:3])
    people[1].say(quiet, "Chapter 5 is about replication. Bring questions!")
    hero.say(hero.direct(edsger), "Thank you for the review.")
    barbara.say(barbara.direct(hero), "Shall we compare the two traces tomorrow?")
    room = hero.group("Performance team", people[1:])
    sent = [people[who].say(room, text) for who, text in TALK]
    path = f"/conversations/{room}/messages"
    for who, number, emoji in REACTIONS:
        people[who].call("PUT", f"{path}/{sent[number]['id']}/reactions/{emoji}")
    edsger.call("PATCH", f"{path}/{sent[9]['id']}", body="I will be brief. For once. I promise.")
    deleted = grace.say(room, "wrong window")
    grace.call("DELETE", f"{path}/{deleted['id']}")
    reply = grace.say(room, "Then one commit is what we have to make cheap.", sent[11]["id"])
    hero.call("PUT", f"/conversations/{room}/read", seq=reply["seq"])
    grace.say(grace.direct(hero), "Coffee at ten? ☕")
    barbara.say(room, "Agreed. I will write it down.")
    edsger.say(room, "👏")
    for other in (edsger, barbara):
        other.call("PUT", f"/conversations/{room}/read", seq=reply["seq"])
    return World(people, room, reply["id"])
