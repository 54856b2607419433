"""How often one may ask: who is told so, and how."""

import re
from uuid import uuid4

import pytest
from client import Answer, Api, Json, Person, new_client_id

pytestmark = pytest.mark.capability("rate-limits")

STANDING = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')
POLICY = re.compile(r'"([a-z-]+)";q=(\d+);w=(\d+)')


def decided_by(system: Json, answer: Answer) -> str:
    """Return the name of the policy that an answer speaks of; it must be one of the system's."""
    policy = POLICY.fullmatch(answer.headers["RateLimit-Policy"])
    standing = STANDING.fullmatch(answer.headers["RateLimit"])
    assert policy
    assert standing
    assert policy[1] == standing[1]
    declared = system["rate_limits"]["policies"][policy[1]]
    assert declared == {"q": int(policy[2]), "w": int(policy[3])}
    assert 0 <= int(standing[2]) < declared["q"]
    assert 0 <= int(standing[3]) <= declared["w"]
    return policy[1]


@pytest.mark.short
def test_an_answer_says_how_one_stands(system: Json, ada: Person) -> None:
    decided_by(system, ada.call("GET", "/profiles/me"))


def test_an_error_says_so_too(system: Json, api: Api, ada: Person) -> None:
    decided_by(system, ada.call("GET", f"/conversations/{uuid4()}", expect=404))
    credentials = {"username": f"nobody-{uuid4().hex[:12]}", "password": "no such password"}
    decided_by(system, api.call("POST", "/api/v1/auth/login", body=credentials, expect=401))


def test_what_costs_more_has_a_policy_of_its_own(system: Json, ada: Person, group_id: str) -> None:
    sent = {"client_id": new_client_id(), "body": "hello"}
    answers = [
        ada.call("GET", "/profiles/me"),
        ada.call("GET", "/profiles/search?q=ada"),
        ada.call("POST", f"/conversations/{group_id}/messages", body=sent, expect=201),
        ada.call("PATCH", "/profiles/me", body={"bio": "changed"}),
        ada.call("POST", "/realtime/tickets", expect=201),
    ]
    assert len({decided_by(system, one) for one in answers}) == len(answers)
