"""Somebody who has got past the gateway, and says who they are."""

import json

from drill.client import Person, Refused
from drill.definition import Drill
from drill.stage import Stage

# Runs beside the monolith, where a single machine has no private network to hide it in.
KNOCK = """
import base64, hashlib, hmac, json, os, sys, time, urllib.error, urllib.request
user, token = sys.argv[1:]
def b64(raw): return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
def identity(secret):
    claims = {"sub": user, "sid": "x", "roles": ["admin"], "exp": time.time() + 600}
    said = "v1." + b64(json.dumps(claims).encode())
    return said + "." + b64(hmac.digest(secret, said.encode(), "sha256"))
secret = open(os.environ["CHAT_IDENTITY_SECRET_FILE"], "rb").read()
given = {
    "nothing": {},
    "an access token that is good": {"Authorization": "Bearer " + token},
    "an identity with no signature": {"X-Identity": identity(b"").rpartition(".")[0] + "."},
    "an identity signed with nothing": {"X-Identity": identity(b"")},
    "an identity signed with a guess": {"X-Identity": identity(b"secret")},
    "an identity in clear": {"X-Identity": user, "X-User": user, "X-Forwarded-User": user},
    "the gateway's own secret": {"X-Identity": identity(secret)},
}
port = os.environ["CHAT_BIND"].rpartition(":")[2]
answers = {}
for name, headers in given.items():
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/profiles/me", headers=headers)
    try:
        answers[name] = urllib.request.urlopen(request).status
    except urllib.error.HTTPError as error:
        answers[name] = error.code
print(json.dumps(answers))
"""
GENUINE = "the gateway's own secret"


def run(stage: Stage) -> None:
    """Knock at the monolith's own door, then send the same through the gateway."""
    (person,) = stage.people(1)
    answers = json.loads(
        stage.ask("chat", "python", "-c", KNOCK, person.id, person.token).splitlines()[-1]
    )
    genuine = answers.pop(GENUINE)
    for name, status in answers.items():
        stage.number(f"at the monolith, {name}", status, "")
    stage.observe("ways to say who one is", len(answers), 6)
    stage.claim(
        "the monolith believed none of them",
        holds=set(answers.values()) == {401},
        of=len(answers),
    )
    words = "it believes the one secret that it shares with the gateway: the door was open"
    stage.claim(words, holds=genuine == 200, of=1)
    refused = _through_the_gateway(stage.url, person)
    stage.claim("the gateway passed on no identity of a client's", holds=refused == 3, of=3)


def _through_the_gateway(url: str, person: Person) -> int:
    """Return how many requests with an identity, and no token, were refused."""
    stranger = Person(url, "stranger")
    refused = 0
    for path in ("/profiles/me", "/conversations", f"/profiles/{person.id}"):
        try:
            stranger.call("GET", path, headers={"X-Identity": person.id})
        except Refused as refusal:
            refused += refusal.status == 401
    return refused


DRILL = Drill(
    name="forged-identity",
    question="Somebody reaches the monolith without the gateway between, and says who they are. "
    "Whom does it believe?",
    run=run,
    sends=0,
    alone=True,
)
