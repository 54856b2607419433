"""The suite can fail: wrong answers and events, fed to the client that checks them, are caught."""

import copy
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from client import Api, ContractViolation, eventually
from client.documents import asyncapi, check_answer, check_event, check_page, openapi

pytestmark = pytest.mark.offline

ID = "019ab2ca-0001-7a17-8288-718293a4b5c6"
HEADERS = httpx.Headers(
    {
        "X-Request-ID": ID,
        "Server-Timing": 'app;dur=12.3, db;dur=3.2;desc="3 queries"',
        "Cache-Control": "no-store",
        "Content-Type": "application/json",
    }
)
PATH = "/api/v1/profiles/me"
Edit = Callable[[dict[str, Any], httpx.Headers], None]


def profile() -> dict[str, Any]:
    answer = openapi()["paths"][PATH]["get"]["responses"]["200"]
    return copy.deepcopy(answer["content"]["application/json"]["example"])


def problem(name: str) -> dict[str, Any]:
    response = openapi()["components"]["responses"][name]
    return copy.deepcopy(response["content"]["application/problem+json"]["example"])


def test_a_right_answer_passes() -> None:
    check_answer("GET", PATH, 200, HEADERS, profile())


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (lambda body, _: body.pop("bio"), "bio"),
        (lambda body, _: body.update(password_hash="x"), "password_hash"),
        (lambda body, _: body.update(id=body["id"].upper()), "id"),
        (lambda body, _: body.update(created_at="2026-11-23T21:00:00Z"), "created_at"),
        (lambda body, _: body.update(display_name="x" * 65), "display_name"),
        (lambda _, headers: headers.pop("X-Request-ID"), "X-Request-ID"),
        (lambda _, headers: headers.update({"X-Request-ID": "1"}), "X-Request-ID"),
        (lambda _, headers: headers.update({"Server-Timing": "app;dur=a"}), "Server-Timing"),
        (lambda _, headers: headers.update({"Cache-Control": "public"}), "Cache-Control"),
        (lambda _, headers: headers.update({"Content-Type": "text/html"}), "text/html"),
    ],
)
def test_a_wrong_answer_is_caught(edit: Edit, complaint: str) -> None:
    body, headers = profile(), HEADERS.copy()
    edit(body, headers)
    with pytest.raises(ContractViolation, match=complaint):
        check_answer("GET", PATH, 200, headers, body)


def test_an_undocumented_status_is_caught() -> None:
    with pytest.raises(ContractViolation, match="undocumented status"):
        check_answer("GET", PATH, 418, HEADERS, {})


def test_an_answer_where_there_is_no_such_path_or_method_is_caught() -> None:
    with pytest.raises(ContractViolation, match="expected 404"):
        check_answer("GET", "/api/v1/nothing", 200, HEADERS, {})
    with pytest.raises(ContractViolation, match="expected 405"):
        check_answer("DELETE", PATH, 204, HEADERS, None)


def test_a_body_where_none_is_documented_is_caught() -> None:
    with pytest.raises(ContractViolation, match="has a body"):
        check_answer("POST", "/api/v1/auth/logout", 204, HEADERS, {})


def test_a_problem_of_another_kind_is_caught() -> None:
    headers = HEADERS.copy()
    headers["Content-Type"] = "application/problem+json"
    path = f"/api/v1/profiles/{ID}"
    check_answer("GET", path, 404, headers, problem("NotFound"))
    with pytest.raises(ContractViolation, match="type"):
        check_answer("GET", path, 404, headers, problem("NotFound") | {"type": "about:blank"})
    headers["X-Request-ID"] = "019ab2ca-0001-7a17-8288-718293a4b5c7"
    with pytest.raises(ContractViolation, match="request_id"):
        check_answer("GET", path, 404, headers, problem("NotFound"))


def test_a_refusal_without_retry_after_is_caught() -> None:
    headers = HEADERS.copy()
    headers["Content-Type"] = "application/problem+json"
    with pytest.raises(ContractViolation, match="Retry-After"):
        check_answer("GET", PATH, 429, headers, problem("RateLimited"))


def test_a_page_without_timing_is_caught() -> None:
    with pytest.raises(ContractViolation, match="Server-Timing"):
        check_page("/", httpx.Headers({"X-Request-ID": ID}))


def test_a_wrong_event_is_caught() -> None:
    event = asyncapi()["components"]["messages"]["messageCreated"]["examples"][0]["payload"]
    check_event("message.created", (event,))
    for wrong in (
        event | {"rev": None},
        event | {"type": "message.edited"},
        event | {"secret": 1},
        event | {"data": {"message": event["data"]["message"] | {"seq": 0}}},
    ):
        with pytest.raises(ContractViolation, match=r"message\.created"):
            check_event("message.created", (wrong,))
    with pytest.raises(ContractViolation, match="not documented"):
        check_event("message.exploded", (event,))
    with pytest.raises(ContractViolation, match="arguments"):
        check_event("message.created", (event, event))


def test_the_client_checks_what_it_receives() -> None:
    api = Api("http://contract.invalid")
    api._http = httpx.Client(
        base_url=api.url,
        transport=httpx.MockTransport(lambda _: httpx.Response(200, json=profile())),
    )
    with pytest.raises(ContractViolation, match="X-Request-ID"):
        api.call("GET", PATH)


def test_the_client_obeys_retry_after() -> None:
    refusal = problem("RateLimited") | {"retry_after": 1}
    refused = HEADERS.copy()
    refused.update({"Content-Type": "application/problem+json", "Retry-After": "1"})
    refused.update({"RateLimit": '"read-login";r=0;t=1'})
    refused.update({"RateLimit-Policy": '"read-login";q=150;w=15'})
    answers = [
        httpx.Response(429, json=refusal, headers=refused),
        httpx.Response(200, json=profile(), headers=HEADERS),
    ]
    api = Api("http://contract.invalid")
    api._http = httpx.Client(
        base_url=api.url, transport=httpx.MockTransport(lambda _: answers.pop(0))
    )
    assert api.call("GET", PATH).status == 200
    assert not answers


def test_waiting_ends_with_the_last_complaint() -> None:
    def never() -> None:
        raise AssertionError("not yet")

    with pytest.raises(AssertionError, match="not yet"):
        eventually(never, within=0.1)
