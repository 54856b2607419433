"""Each dependency is hurt in each way, under load, and every operation is looked at: the table.

What is full, what is degraded and says so, what is refused and how soon; nothing is silently wrong.
"""

import contextlib
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from drill.client import PASSWORD, Refused, Unreachable
from drill.definition import Drill
from drill.stage import Stage

WAYS = ("down", "slow", "wrong")
TABLES = {
    "messages": "timelines",
    "profiles": "profiles",
    "auth": "accounts",
    "chat": "members",
}
"""What a service that is to be wrong is robbed of: it answers, and each time 500."""
HURT = (*TABLES, "cache", "broker")
NEEDS = {
    "list": {"chat"},
    "open": {"chat"},
    "members": {"chat"},
    "group": {"chat"},
    "history": {"messages"},
    "send": {"messages"},
    "profile": {"profiles"},
    "search": {"profiles"},
    "presence": set(),
    "log in": {"auth"},
    "register": {"auth"},
}
"""What each operation cannot do without. With all else away it is answered, and soon."""
AUTHORITY = (("auth", "down"), ("auth", "slow"))
"""When the gateway knows for five seconds no more who has logged out, it lets nobody in: who may do
what is never guessed. That is told at once."""
SAYS = {
    ("open", "messages"): "messages",
    ("group", "messages"): "messages",
    ("register", "profiles"): "profiles",
    ("presence", "chat"): "presence",
    ("presence", "cache"): "presence",
}
"""What an operation has to say that it was made without, where something else is away."""
SETTLES, LASTS, PAUSE = 2.5, 3.0, 0.2
"""Seconds until breakers have opened, for which it is looked, and between two looks."""
LATER = 1250.0
"""Milliseconds: one deadline, and something. By so much half of the answers may be later than with
nothing hurt, when passwords take what time they take."""

BREAK = """
import os, psycopg, sys
password = open(os.environ["CHAT_DATABASE_PASSWORD_FILE"]).read().strip()
url = os.environ["CHAT_DATABASE_URL"]
with psycopg.connect(url, password=password, autocommit=True) as database:
    database.execute(f"ALTER TABLE {sys.argv[1]} RENAME TO taken")
    print("taken", flush=True)
    sys.stdin.read()
    database.execute(f"ALTER TABLE taken RENAME TO {sys.argv[1]}")
"""
REFUSE = """
import os, sys
from redis import Redis
url = os.environ["CHAT_CACHE_URL"]
Redis.from_url(url).execute_command("ACL", "SETUSER", "drill", "on", ">drill", "~*", "&*", "+@all")
keeper = Redis.from_url(url, username="drill", password="drill")
keeper.execute_command("ACL", "SETUSER", "default", "-@all", "+info", "+ping")
print("refused", flush=True)
sys.stdin.read()
keeper.execute_command("ACL", "SETUSER", "default", "+@all")
"""


def run(stage: Stage) -> None:
    """Go through the table, cell by cell."""
    table: dict[tuple[str, str, str], Cell] = {}
    with stage.load(rate=5):
        stage.wait(2)
        _look(stage, table, "nothing", "hurt")
        for what in HURT:
            for way in WAYS:
                if (what, way) != ("broker", "wrong"):
                    with _hurt(stage, what, way):
                        stage.wait(SETTLES)
                        _look(stage, table, what, way)
                    _until_well(stage)
    for (operation, what, way), cell in table.items():
        stage.number(f"{what} {way}: {operation}: {cell.end}", cell.usual, "ms")
    _judge(stage, table)


class Cell:
    """How one operation ended, mostly, and how long each took (milliseconds)."""

    def __init__(self) -> None:
        self.ends: Counter[str] = Counter()
        self.took: list[float] = []

    @property
    def end(self) -> str:
        """Return `full`, `without PART`, a status, or `no answer`."""
        return self.ends.most_common(1)[0][0]

    @property
    def usual(self) -> float:
        """Return how long it took mostly (milliseconds)."""
        return median(self.took)


def _look(stage: Stage, table: "dict[tuple[str, str, str], Cell]", what: str, way: str) -> None:
    """Do everything again and again, side by side."""
    threads = []
    for operation, act in _acts(stage).items():
        cell = table[operation, what, way] = Cell()
        threads.append(threading.Thread(target=_repeat, args=[cell, act]))
    for one in threads:
        one.start()
    for one in threads:
        one.join()


def _repeat(cell: Cell, act: Callable[[], str]) -> None:
    end = time.monotonic() + LASTS
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            without = act()
            found = f"without {without}" if without else "full"
        except Refused as error:
            found = str(error.status)
        except Unreachable:
            found = "no answer"
        cell.ends[found] += 1
        cell.took.append(1000 * (time.monotonic() - began))
        time.sleep(PAUSE)


_people: dict[str, Any] = {}


def _acts(stage: Stage) -> dict[str, Callable[[], str]]:
    """Return what is done; each returns what it was made without."""
    if stage.url not in _people:
        ann, ben = stage.people(2)
        _people[stage.url] = (ann, ben, ann.group([ben]))
    ann, ben, group = _people[stage.url]
    number = iter(range(10**9))

    def by(method: str, path: str, body: Callable[[], object] = lambda: None) -> Callable[[], str]:
        who = ann.elsewhere(stage.url)

        def act() -> str:
            who.call(method, path, body())
            return str(who.degraded)

        return act

    def message() -> object:
        return {"client_id": f"d-{time.monotonic_ns()}", "body": "hello"}

    def newcomer() -> object:
        name = f"d-{time.monotonic_ns():x}-{next(number)}"
        return {"username": name[-30:], "password": PASSWORD, "display_name": "Drill"}

    login = {"username": ann.name, "password": PASSWORD}
    a_group = {"kind": "group", "name": "Drill", "member_ids": [ben.id]}
    return {
        "list": by("GET", "/conversations"),
        "open": by("GET", f"/conversations/{group}"),
        "members": by("GET", f"/conversations/{group}/members"),
        "group": by("POST", "/conversations", lambda: a_group),
        "history": by("GET", f"/conversations/{group}/messages"),
        "send": by("POST", f"/conversations/{group}/messages", message),
        "profile": by("GET", f"/profiles/{ben.id}"),
        "search": by("GET", "/profiles/search?q=drill"),
        "presence": by("GET", f"/presence?ids={ben.id}"),
        "log in": by("POST", "/auth/login", lambda: login),
        "register": by("POST", "/auth/register", newcomer),
    }


@contextlib.contextmanager
def _hurt(stage: Stage, what: str, way: str) -> Iterator[None]:
    """Take something away, slow it down, or have it answer nonsense, until the block ends."""
    stage.timeline.mark(f"{what} is {way}")
    if way == "down":
        stage.engine.stop_service(stage.instance, what)
        try:
            yield
        finally:
            stage.engine.restart_service(stage.instance, what)
    elif way == "slow":
        with _stuttering(stage, what):
            yield
    elif what in TABLES:
        with stage.beside(what, BREAK, TABLES[what]):
            yield
    else:
        with stage.beside("chat", REFUSE):
            yield
    stage.timeline.mark(f"{what} is well")


@contextlib.contextmanager
def _stuttering(stage: Stage, what: str) -> Iterator[None]:
    """Let a service work for a moment every five seconds."""
    stop = threading.Event()

    def stutter() -> None:
        is_over = False
        while not is_over:
            stage.engine.signal_service(stage.instance, what, signal.SIGSTOP)
            is_over = stop.wait(5)
            stage.engine.signal_service(stage.instance, what, signal.SIGCONT)
            is_over = is_over or stop.wait(0.1)

    thread = threading.Thread(target=stutter)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _until_well(stage: Stage) -> None:
    """Wait until everything is full again, or fail."""
    began = time.monotonic()
    for act in _acts(stage).values():
        while True:
            with contextlib.suppress(Refused, Unreachable):
                if not act():
                    break
            if time.monotonic() - began > 60:
                return  # the next cells tell
            time.sleep(PAUSE)
    stage.wait(1)


def _judge(stage: Stage, table: "dict[tuple[str, str, str], Cell]") -> None:
    calm = {key[0]: cell for key, cell in table.items() if key[1] == "nothing"}
    unneeded = {
        key: cell
        for key, cell in table.items()
        if key[1] != "nothing" and key[1] not in NEEDS[key[0]]
    }
    refused = [
        key
        for key, cell in unneeded.items()
        if cell.end != "full"
        and not cell.end.startswith("without")
        and not (key[1:] in AUTHORITY and cell.end == "503")
    ]
    late = [key for key, cell in unneeded.items() if cell.usual > LATER + calm[key[0]].usual]
    silent = [
        (operation, what, way)
        for (operation, what), part in SAYS.items()
        for way in WAYS
        if way != "slow"  # which works now and then
        and table[operation, what, way].end != f"without {part}"
    ]
    for words, keys in (("refused", refused), ("late", late), ("silent", silent)):
        for operation, what, way in keys:
            stage.timeline.mark(f"{words}: {operation} while {what} is {way}")
    stage.observe("cells of the table", len(table), 150)
    stage.claim("who is not needed is not missed", holds=not refused, of=len(unneeded))
    stage.claim("nor waited for", holds=not late, of=len(unneeded))
    stage.claim("what is old or missing is said to be", holds=not silent, of=len(SAYS))
    whole = all(cell.end == "full" for cell in calm.values())
    stage.claim("with nothing hurt everything is full", holds=whole, of=len(calm))


DRILL = Drill(
    name="degrade",
    question="Each dependency is down, slow or wrong in turn. What does each operation answer, and "
    "does it say so where that is less than usual?",
    run=run,
    sends=100,
    alone=True,
)
