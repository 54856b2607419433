"""Who talks with whom, about what and how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from world.dice import Dice
from world.ids import direct_id, uuid7
from world.people import DAY, Person, people, table

DIRECT_TOPICS = ("plans", "smalltalk", "food", "books", "travel", "family", "code", "music")
BENCH_TOPICS = (
    ("incident", "review", "code", "standup", "remark"),
    ("plans", "food", "remark"),
    ("football", "plans"),
    ("books", "film", "smalltalk"),
    ("garden", "hike", "food"),
    ("workshop", "code", "remark"),
    ("games", "music", "travel"),
)


@dataclass(frozen=True)
class Conversation:
    """A conversation to be filled with `messages` messages; the first of `members` began it."""

    id: str
    name: str | None
    members: tuple[Person, ...]
    created_at: int
    language: str
    topics: tuple[str, ...]
    messages: int

    @property
    def kind(self) -> str:
        """Return the contract's word."""
        return "direct" if self.name is None else "group"


@dataclass(frozen=True)
class World:
    """Everything but what is said. `end` is in milliseconds since the epoch."""

    people: list[Person]
    conversations: list[Conversation]
    end: int


def demo(number: int, end: int) -> World:
    """Return some dozens of people who know each other."""
    dice = Dice("demo", number)
    everybody = people(len(table("people.txt")), end, dice)
    by_name = {person.username: person for person in everybody}
    groups = [_group(row, by_name, end, dice) for row in table("groups.txt")]
    sizes = [1 + 160 // rank for rank in range(1, 75)] + [0, 0]
    directs = [
        _direct(pair, size, end, dice)
        for pair, size in zip(_demo_pairs(everybody, dice), sizes, strict=False)
    ]
    return World(everybody, [*groups, *directs], end)


def bench(number: int, end: int) -> World:
    """Return 1,000 people with 5,000 conversations and 200,000 messages, most of them in a few."""
    dice = Dice("bench", number)
    everybody = people(1000, end, dice)
    sizes = zipf(200_000, 5000)
    pairs = _bench_pairs(everybody, dice)
    conversations = []
    for rank, size in enumerate(sizes):
        if dice.chance(0.8 if rank < 300 else 0.16):
            conversations.append(_bench_group(rank, size, everybody, end, dice))
        else:
            conversations.append(_direct(next(pairs), size, end, dice))
    return World(everybody, conversations, end)


def zipf(total: int, parts: int) -> list[int]:
    """Divide a total in proportion to 1/(rank + 3), as Zipf and Mandelbrot have it."""
    weights = [1 / (rank + 3) for rank in range(1, parts + 1)]
    whole = sum(weights)
    sizes = [int(total * weight / whole) for weight in weights]
    sizes[0] += total - sum(sizes)
    return sizes


def _group(row: list[str], by_name: dict[str, Person], end: int, dice: Dice) -> Conversation:
    name, language, topics, size, messages, core = row
    inside = [by_name[username] for username in core.split()]
    speakers = [one for one in by_name.values() if language in one.languages and one not in inside]
    members = (*inside, *dice.some(speakers, int(size) - len(inside)))
    created_at = end - (20 + dice.below(70)) * DAY + dice.below(DAY)
    if int(messages) == 1:
        created_at = end - DAY // 3
    return Conversation(
        id=uuid7(created_at, dice),
        name=name,
        members=members,
        created_at=created_at,
        language=language,
        topics=tuple(topics.split()),
        messages=int(messages),
    )


def _bench_group(
    rank: int, size: int, everybody: Sequence[Person], end: int, dice: Dice
) -> Conversation:
    wanted = 250 if rank == 0 else 3 + int(90 * dice.throw() * dice.throw() * dice.throw())
    members: dict[str, Person] = {}
    while len(members) < wanted:
        one = _popular(everybody, dice)
        members[one.id] = one
    created_at = end - (20 + dice.below(70)) * DAY + dice.below(DAY)
    return Conversation(
        id=uuid7(created_at, dice),
        name=f"Group {rank + 1}",
        members=tuple(members.values()),
        created_at=created_at,
        language="en",
        topics=dice.pick(BENCH_TOPICS),
        messages=max(size, 1),
    )


def _direct(pair: tuple[Person, Person], size: int, end: int, dice: Dice) -> Conversation:
    one, other = pair
    common = [code for code in one.languages if code in other.languages]
    own = [code for code in common if code != "en"]
    created_at = end - (3 + dice.below(85)) * DAY + dice.below(DAY)
    return Conversation(
        id=direct_id(one.id, other.id),
        name=None,
        members=pair,
        created_at=created_at,
        language=own[0] if own and dice.chance(0.75) else common[0] if common else "en",
        topics=(*dice.some(DIRECT_TOPICS, 3), "remark"),
        messages=size,
    )


def _demo_pairs(everybody: Sequence[Person], dice: Dice) -> Iterator[tuple[Person, Person]]:
    """Yield pairs, half of them with the first person, the two sample people first."""
    hub, others = everybody[0], list(everybody[1:])
    seen = {frozenset((hub.id, others[0].id))}
    yield hub, others[0]
    while True:
        one = hub if dice.chance(0.45) else dice.pick(others)
        other = dice.pick(others)
        pair = frozenset((one.id, other.id))
        if len(pair) == 2 and pair not in seen and set(one.languages) & set(other.languages):
            seen.add(pair)
            yield (one, other) if dice.chance(0.5) else (other, one)


def _bench_pairs(everybody: Sequence[Person], dice: Dice) -> Iterator[tuple[Person, Person]]:
    seen: set[frozenset[str]] = set()
    while True:
        one, other = _popular(everybody, dice), dice.pick(everybody)
        pair = frozenset((one.id, other.id))
        if len(pair) == 2 and pair not in seen:
            seen.add(pair)
            yield one, other


def _popular(everybody: Sequence[Person], dice: Dice) -> Person:
    """Return somebody; the nearer to the front, the more likely."""
    return everybody[int(len(everybody) * dice.throw() * dice.throw())]
