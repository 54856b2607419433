"""The cache stands still, then dies, while people write and read."""

from drill.client import Person
from drill.definition import Drill
from drill.stage import Stage

CALM, STILL = 4.0, 6.0
"""Seconds."""
EXTRA_MS = 500.0
"""How much longer a list may take while the cache does not answer."""


class Checker:
    """Sends, edits and reads; what was acknowledged must be there at once."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._ann, self._ben = stage.people(2)
        self._group = self._ann.group([self._ben])
        self.checks = 0
        self.reads = 0
        self.stale = 0

    def check(self) -> None:
        """Do so once."""
        self.checks += 1
        text = f"round {self.checks}"
        self._ann.send(self._group, text.replace(" ", "-"), text)
        self._ann.call("PATCH", "/profiles/me", {"display_name": text})
        for reader in (self._ann, self._ben):
            self._stale_if(self._newest(reader) != text)
            self._stale_if(self._name(reader) != text)

    def _newest(self, reader: Person) -> str:
        due = self._stage.timeline.now()
        page = reader.call("GET", "/conversations?limit=50")
        self._stage.timeline.add("list", due)
        return str(page["items"][0]["last_message"]["body"])

    def _name(self, reader: Person) -> str:
        due = self._stage.timeline.now()
        profile = reader.call("GET", f"/profiles/{self._ann.id}")
        self._stage.timeline.add("profile", due)
        return str(profile["display_name"])

    def _stale_if(self, old: bool) -> None:  # noqa: FBT001 - a fact, not a switch
        self.reads += 1
        self.stale += old


def run(stage: Stage) -> None:
    """Stop the cache for a while, then kill it; all along write, and read what was written."""
    has_cache = stage.has("cache")
    checker = Checker(stage)
    with stage.load(rate=30), stage.meanwhile(checker.check, 0.05):
        stage.wait(CALM)
        began = stage.timeline.now()
        if has_cache:
            with stage.paused("cache"):
                stage.wait(STILL)
        else:
            stage.timeline.mark("there is no cache to stop")
            stage.wait(STILL)
        ended = stage.timeline.now()
        stage.wait(CALM)
        if has_cache:
            stage.kill("cache")
        stage.wait(CALM)
    for kind in ("list", "profile"):
        stage.latency(f"{kind} before", kind, 1, began)
        stage.latency(f"{kind} while the cache stands still", kind, began, ended)
    slowest = max(stage.timeline.latencies("list", began, ended))
    stage.number("the slowest list meanwhile", slowest, "ms")
    stage.observe("reads checked", checker.reads, least=200)
    stage.number("reads that were old", checker.stale, "")
    stage.claim("nobody read anything old", holds=checker.stale == 0, of=checker.reads)
    before = stage.timeline.latencies("list", 1, began)
    stage.claim(
        f"no list took {EXTRA_MS:.0f} ms longer than the slowest before",
        holds=slowest < before[-1] + EXTRA_MS,
        of=len(before),
    )
    errors = [one for one in stage.timeline.samples if one.error]
    stage.claim("no request failed", holds=not errors, of=stage.timeline.attempts())


DRILL = Drill(
    name="cache-down",
    question="The cache stands still for six seconds, and later it is killed. Does anybody get an "
    "error, wait for long, or read something old?",
    run=run,
    sends=150,
)
