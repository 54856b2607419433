"""Generated requests, right and wrong, at every operation: no server error, no undocumented answer.

Schemathesis draws them from openapi.yaml, the same ones every time. Whatever it finds beyond the
contract's checks (answers, headers, schemas) is that wrong data was accepted.
"""

import re
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
import schemathesis
from client import Api, Json, Person
from client.documents import OPENAPI_FILE, check_answer, openapi
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

pytestmark = pytest.mark.fuzz

EXAMPLES = 25
"""Requests per operation."""

REQUEST_LINE = 3900
"""Bytes; a longer path and query are refused before they reach anything that knows the contract."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 20261123,
        "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
    }
)

# The handshake is no JSON, and logging out would leave the other operations without a login.
SCHEMA = schemathesis.openapi.from_path(OPENAPI_FILE, config=CONFIG).exclude(
    operation_id=["handshake", "logout", "logoutAll"]
)

ID = re.compile(openapi()["components"]["schemas"]["ConversationId"]["pattern"])
USERNAME = re.compile(openapi()["components"]["schemas"]["Username"]["pattern"])


@pytest.fixture(scope="session")
def fuzzer(newcomer: Callable[[], Person]) -> tuple[Person, Person]:
    """Two people whom no other test uses."""
    return newcomer(), newcomer()


@pytest.fixture
def place(fuzzer: tuple[Person, Person]) -> dict[str, str]:
    """A group of theirs with one message, so that well-formed ids lead somewhere."""
    sent = fuzzer[0].send(fuzzer[0].start_group(fuzzer[1])["id"])
    return {
        "conversation_id": sent["conversation_id"],
        "message_id": sent["id"],
        "user_id": fuzzer[1].id,
    }


@pytest.fixture(scope="session")
def moderating(request: pytest.FixtureRequest, system: Json) -> Person | None:
    """Whoever may moderate here, if there is somebody."""
    if "moderation" not in system["capabilities"] or not request.config.getoption("--admin"):
        return None
    return cast(Person, request.getfixturevalue("admin"))


@SCHEMA.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_operation(
    case: Any,
    api: Api,
    fuzzer: tuple[Person, Person],
    place: dict[str, str],
    moderating: Person | None,
    system: Json,
) -> None:
    if case.method in {"OPTIONS", "HEAD"}:
        return  # the contract says nothing about them
    needed = case.operation.definition.raw.get("x-capability")
    needs_admin = needed in {"moderation", "dead-letters"}
    if (needs_admin and moderating is None) or (needed and needed not in system["capabilities"]):
        return
    for name, value in (case.path_parameters or {}).items():
        if name in place and ID.match(str(value)):
            case.path_parameters[name] = place[name]
    if case.path.endswith("/register") and isinstance(case.body, dict):
        username = case.body.get("username")
        if isinstance(username, str) and USERNAME.match(username):
            case.body["username"] = f"fuzz-{uuid4().hex[:12]}"  # nobody's name, in any system
    who = moderating if needs_admin and moderating else fuzzer[0]
    token = who.tokens["access_token"]
    response = case.call(base_url=api.url, headers={"Authorization": f"Bearer {token}"})
    if len(response.request.path_url) > REQUEST_LINE:
        assert 400 <= response.status_code < 500
        return
    headers = httpx.Headers({name: ", ".join(value) for name, value in response.headers.items()})
    body = response.json() if response.content else None
    path = response.request.path_url.partition("?")[0]
    check_answer(case.method, path, response.status_code, headers, body)
    case.validate_response(response, checks=CHECKS)
