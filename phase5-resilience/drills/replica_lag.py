"""The replica falls behind, then dies, while people write and read."""

from drill.definition import Drill
from drill.stage import Stage

CALM, BEHIND = 5.0, 8.0
"""Seconds."""
# A report that reads for long at the replica, and a change of the table at the primary: the replica
# stops there, as PostgreSQL lets it for up to 30 seconds.
HOLD = """
import os, sys, time, psycopg
password = open(os.environ["CHAT_DATABASE_PASSWORD_FILE"]).read().strip()
primary, replica = (
    psycopg.connect(os.environ[name], password=password, autocommit=True)
    for name in ("CHAT_DATABASE_URL", "CHAT_REPLICA_URL")
)
primary.execute("CREATE TABLE IF NOT EXISTS drill_report ()")
while not replica.execute("SELECT to_regclass('drill_report')").fetchone()[0]:
    time.sleep(0.05)
replica.execute("BEGIN; SELECT FROM drill_report")
primary.execute("BEGIN; LOCK TABLE drill_report; COMMIT")
print("behind", flush=True)
sys.stdin.read()
replica.close()
primary.execute("DROP TABLE drill_report")
"""


class Checker:
    """Sends and reads; what was acknowledged must be there for both at once."""

    def __init__(self, stage: Stage) -> None:
        self._ann, self._ben = stage.people(2)
        self._group = self._ann.group([self._ben])
        self.checks = 0
        self.stale = 0

    def check(self) -> None:
        """Do so once."""
        self.checks += 1
        text = f"round-{self.checks}"
        self._ann.send(self._group, text, text)
        for reader in (self._ann, self._ben):
            page = reader.call("GET", f"/conversations/{self._group}/messages?limit=1")
            self.stale += page["items"][0]["body"] != text
        self.stale += self._previewed() != text

    def _previewed(self) -> str:
        page = self._ann.call("GET", "/conversations?limit=50")
        return str(page["items"][0]["last_message"]["body"])


def run(stage: Stage) -> None:
    """Compare who does the reading, and whether anybody misses anything."""
    checker = Checker(stage)
    with stage.load(rate=40), stage.meanwhile(checker.check, 0.02):
        if stage.has("replica"):
            began = _hurt(stage)
        else:
            stage.timeline.mark("there is no replica to hurt")
            stage.wait(CALM + BEHIND + CALM)
            began = stage.timeline.now()
        stage.wait(CALM)
    stage.latency("read while the replica was in step", "read", 0, CALM)
    stage.latency("read while it was behind", "read", CALM, CALM + BEHIND)
    stage.latency("read after it was killed", "read", began)
    stage.number("rounds of a send and three reads", checker.checks, "")
    stage.number("reads that missed what was acknowledged", checker.stale, "")
    stage.claim("nobody missed what was acknowledged", holds=checker.stale == 0, of=checker.checks)


def _hurt(stage: Stage) -> float:
    """Return when the replica was killed."""
    _share(stage, "in step", CALM)
    with stage.beside("chat", HOLD):
        stage.timeline.mark("the replica is behind")
        _share(stage, "behind", BEHIND)
    stage.timeline.mark("it catches up")
    stage.wait(CALM)
    began = stage.timeline.now()
    stage.kill("replica")
    return began


def _share(stage: Stage, words: str, seconds: float) -> None:
    """Note how much processor time each of the two servers takes."""
    used = {name: stage.usage(name).cpu_seconds for name in ("primary", "replica")}
    stage.wait(seconds)
    for name, before in used.items():
        spent = 1000 * (stage.usage(name).cpu_seconds - before) / seconds
        stage.number(f"CPU of the {name} while the replica was {words}", spent, "ms/s")


DRILL = Drill(
    name="replica-lag",
    question="The replica falls eight seconds behind, and is killed later on. Does anybody miss a "
    "message that was acknowledged, and what does it cost?",
    run=run,
    sends=200,
)
