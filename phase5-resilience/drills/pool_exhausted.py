"""One process with too few database connections, with enough, and with more than there are."""

import json

from drill.definition import Drill
from drill.stage import Stage

SIZES = {"one": 1, "five": 5, "twenty": 20, "far too many": 250}
THREADS, SECONDS = 128, 6
# Another process of the same application, beside the one that serves, with no gateway before it:
# so it says itself who asks.
HURRY = """
import base64, hashlib, hmac, json, os, sys, threading, time
told = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # the application's own lines go elsewhere
from chassis import logs
from chat.app import create_app
logs.set_up("ERROR")
connections, threads, seconds = map(int, sys.argv[1:4])
os.environ.pop("CHAT_REPLICA_URL", None)
os.environ["CHAT_DATABASE_CONNECTIONS"] = str(connections)
app = create_app()
answers, lock = [], threading.Lock()

def encoded(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

with open(os.environ["CHAT_IDENTITY_SECRET_FILE"], "rb") as file:
    secret = file.read()
claims = {"sub": sys.argv[4], "sid": "none", "roles": ["member"], "exp": time.time() + 600}
said = "v1." + encoded(json.dumps(claims).encode())
who = {"X-Identity": said + "." + encoded(hmac.digest(secret, said.encode(), hashlib.sha256))}
groups = []
for number in range(threads):
    body = {"kind": "group", "name": "G", "member_ids": []}
    made = app.test_client().post("/api/v1/conversations", json=body, headers=who)
    groups.append(made.json["id"])

def hurry(group):
    client, mine, number = app.test_client(), [], 0
    while time.monotonic() < end:
        number += 1
        began = time.monotonic()
        body = {"client_id": str(number), "body": "hello"}
        sent = client.post(f"/api/v1/conversations/{group}/messages", json=body, headers=who)
        mine.append((sent.status_code, 1000 * (time.monotonic() - began)))
    with lock:
        answers.extend(mine)

end = time.monotonic() + seconds
running = [threading.Thread(target=hurry, args=[group]) for group in groups]
for one in running: one.start()
for one in running: one.join()
print(json.dumps(answers), file=told, flush=True)
sys.stdin.read()
"""


def run(stage: Stage) -> None:
    """Let the same number of threads hurry through pools of several sizes."""
    person = stage.people(1)[0].id
    with stage.load(rate=5):
        for words, size in SIZES.items():
            stage.timeline.mark(f"{THREADS} threads, connections: {words}")
            _tell(stage, words, _hurry(stage, size, person))


def _hurry(stage: Stage, connections: int, person: str) -> list[tuple[int, float]]:
    """Return the status and the milliseconds of every answer."""
    given = map(str, (connections, THREADS, SECONDS, person))
    with stage.beside("chat", HURRY, *given) as answers:
        return [(status, took) for status, took in json.loads(answers)]


def _tell(stage: Stage, words: str, answers: list[tuple[int, float]]) -> None:
    taken = sorted(took for status, took in answers if status == 201)
    refused = sorted(took for status, took in answers if status == 503)
    stage.number(f"{words}: sends", len(taken) / SECONDS, "/s")
    if taken:
        stage.number(f"{words}: a send, p99", taken[int(len(taken) * 0.99)], "ms")
    stage.number(f"{words}: refused", 100 * len(refused) / len(answers), "%")
    if refused:
        stage.number(f"{words}: a refusal, slowest", refused[-1], "ms")
    known = len(taken) + len(refused) == len(answers)
    stage.claim(
        f"{words}: whoever was not served was told to come again", holds=known, of=len(answers)
    )


DRILL = Drill(
    name="pool-exhausted",
    question=f"{THREADS} threads share one database connection, five, twenty, or more than the "
    "server has. How much gets done, and what is it like for the others?",
    run=run,
    sends=100,
)
