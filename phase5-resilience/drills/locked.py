"""The table of messages locked by somebody who builds an index on it."""

from drill.definition import Drill
from drill.stage import Stage

HELD = 8.0
"""Seconds; longer than a request waits for the lock."""
BEFORE = 5.0
HOLD = """
import os, sqlite3, sys
if "CHAT_DATA_DIR" in os.environ:  # phase 0, where one lock is for everything
    file = os.environ["CHAT_DATA_DIR"] + "/chat.sqlite3"
    writer = sqlite3.connect(file, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
else:
    import psycopg
    password = open(os.environ["CHAT_DATABASE_PASSWORD_FILE"]).read().strip()
    writer = psycopg.connect(os.environ["CHAT_DATABASE_URL"], password=password, autocommit=True)
    writer.execute("BEGIN; LOCK TABLE messages IN SHARE MODE")
print("locked", flush=True)
sys.stdin.read()
writer.execute("ROLLBACK")
"""


def run(stage: Stage) -> None:
    """Hold the lock that CREATE INDEX takes, for as long as it works; CONCURRENTLY takes none."""
    with stage.load(rate=40):
        stage.wait(BEFORE)
        with stage.beside("chat", HOLD):
            began = stage.timeline.now()
            stage.timeline.mark("an index is built")
            stage.wait(HELD)
            ended = stage.timeline.now()
        stage.timeline.mark("it has ended")
        stage.wait(BEFORE)
    sent, read = (stage.timeline.latencies(kind, began + 0.2, ended) for kind in ("send", "read"))
    stage.number("sends acknowledged while locked", len(sent), "")
    stage.number("reads answered while locked", len(read), "")
    stage.latency("read before the lock", "read", 0, began)
    stage.latency("read while locked", "read", began, ended)
    stage.latency("send before the lock", "send", 0, began)
    stage.latency("send, all of them", "send")
    sends, reads = (stage.timeline.attempts(kind, began + 0.2, ended) for kind in ("send", "read"))
    stage.claim("no send slipped past the lock", holds=not sent, of=sends)
    stage.claim("readers went on reading", holds=bool(read), of=reads)


DRILL = Drill(
    name="locked",
    question="An index is built on the table of messages, which locks it for eight seconds. Who "
    "waits, who is turned away, and who does not notice?",
    run=run,
    sends=200,
)
