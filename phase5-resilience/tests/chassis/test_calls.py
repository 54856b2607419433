"""Calls between services: their time shrinks, few are made again, and refusals are passed on."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from gateways import Asked, Service, hang_up, ok

from chassis import context, deadlines, errors, problems
from chassis.calls import ATTEMPTS, Answer, Budget, Calls, Pool, TokenRefused
from chassis.context import RequestContext
from chassis.deadlines import LONGEST, seconds_left
from chassis.errors import NotReady
from chassis.resilience.breaker import Refused, Tuning

PROBLEM = "Content-Type: application/problem+json"


class Scripted:
    """A transport that gives these answers in turn; None is that nobody is there."""

    def __init__(self, *answers: Answer | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], _body: bytes, _timeout: float
    ) -> Answer:
        self.asked.append((method, path, dict(headers)))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise NotReady("Nobody is there.")
        return answer


class Bearers:
    def __init__(self) -> None:
        self.forgotten: list[tuple[str, str]] = []

    def token(self, audience: str, scope: str, identity: str = "") -> str:
        return f"{audience} {scope} {identity}{len(self.forgotten) or ''}".strip()

    def forget(self, audience: str, scope: str) -> None:
        self.forgotten.append((audience, scope))


def refusal(status: int, **more: Any) -> Answer:
    document = {
        "type": "/api/docs/problems#so-it-is",
        "title": "So it is",
        "status": status,
        "detail": "It is like that.",
        "request_id": "theirs",
        **more,
    }
    return Answer(status, "application/problem+json", json.dumps(document).encode())


@pytest.fixture
def served() -> Iterator[RequestContext]:
    """A request that is being served."""
    yield context.enter("a-request-id")
    context.leave()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service().start()
    yield service
    service.stop()


def _pool(service: Service) -> Pool:
    return Pool(f"http://127.0.0.1:{service.port}")


def test_a_call_brings_its_cause_its_token_and_the_time_that_is_left(
    served: RequestContext, service: Service
) -> None:
    served.deadline = time.perf_counter() + 1.5
    answer = Calls("auth", _pool(service), Bearers(), timeout=9).call("GET", "/x", scope="read")
    assert answer == {"status": "ok"}
    (asked,) = service.asked
    assert asked.line == "GET /x HTTP/1.1"
    assert asked.header("Authorization") == "Bearer auth read"
    assert asked.header("X-Request-ID") == "a-request-id"
    assert (asked.header("traceparent") or "").startswith("00-")
    assert 0 < int(asked.header(deadlines.HEADER) or 0) <= 1500
    assert "auth;dur=" in served.server_timing()


def test_the_time_that_is_told_shrinks_along_a_chain_and_nobody_can_lengthen_it() -> None:
    assert seconds_left({"HTTP_X_TIME_LEFT": "1500"}) == 1.5
    for said in ("", "99999999", "-5", "1e9", "\u0661"):
        assert seconds_left({"HTTP_X_TIME_LEFT": said}) == LONGEST, said
    assert seconds_left({"HTTP_X_TIME_LEFT": "999999"}) == LONGEST


def test_who_has_no_time_left_asks_nobody(served: RequestContext) -> None:
    served.deadline = time.perf_counter()
    transport = Scripted(Answer(204, "", b""))
    with pytest.raises(NotReady):
        Calls("auth", transport).call("GET", "/x")
    assert transport.asked == []


def test_a_service_that_is_silent_is_waited_for_no_longer_than_that(
    served: RequestContext, service: Service
) -> None:
    def silent(_: Asked, _connection: Any) -> bool:
        time.sleep(5)
        return False

    service.answers = [silent]
    began = time.perf_counter()
    with pytest.raises(NotReady):
        Calls("auth", _pool(service), timeout=0.3).call("GET", "/x")
    assert time.perf_counter() - began < 4


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_can_be_done_twice_is_tried_again(service: Service, method: str) -> None:
    service.answers = [hang_up, ok()]
    assert Calls("auth", _pool(service)).call(method, "/x") == {"status": "ok"}
    assert len(service.asked) == 2


def test_what_cannot_be_done_twice_is_not(service: Service) -> None:
    service.answers = [hang_up, ok()]
    with pytest.raises(NotReady):
        Calls("auth", _pool(service)).call("POST", "/x")
    assert len(service.asked) == 1


def test_an_answer_is_never_asked_for_again_whatever_it_says() -> None:
    transport = Scripted(refusal(503))
    with pytest.raises(errors.Unavailable):
        Calls("auth", transport).call("GET", "/x")
    assert len(transport.asked) == 1


def test_while_nobody_is_there_the_budget_ends_retries() -> None:
    transport = Scripted(None)
    calls = Calls("auth", transport)
    calls._budget = Budget(most=3, each=0.1)
    for _ in range(5):
        with pytest.raises(NotReady):
            calls.call("GET", "/x")
    assert len(transport.asked) == 5 + 3
    assert ATTEMPTS == 3


def test_a_budget_is_earned_by_calls_that_are_answered() -> None:
    budget = Budget(most=1, each=0.5)
    assert [budget.take() for _ in range(2)] == [True, False]
    budget.earn()
    assert not budget.take()
    budget.earn()
    assert budget.take()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (422, errors.InvalidInput),
        (429, errors.RateLimited),
        (503, errors.Unavailable),
    ],
)
def test_what_a_service_refuses_is_refused_in_its_words(
    status: int, kind: type[errors.DomainError]
) -> None:
    more = {"errors": [{"field": "a", "message": "is wrong"}], "retry_after": 7}
    refused = refusal(status, **more)
    transport = Scripted(refused)
    app = Flask("asker")
    problems.register(app)

    @app.get("/")
    def ask() -> str:
        with pytest.raises(kind):
            Calls("auth", transport).call("GET", "/x")
        return str(Calls("auth", transport).call("GET", "/x"))

    answer = app.test_client().get("/")
    assert answer.status_code == status
    assert answer.json == json.loads(refused.body) | {"request_id": None}
    assert answer.headers["Retry-After"] == "7"


def test_a_token_that_is_not_taken_is_replaced_once() -> None:
    transport = Scripted(refusal(401), Answer(204, "", b""), refusal(401))
    bearers = Bearers()
    calls = Calls("auth", transport, bearers)
    calls.call("POST", "/x", scope="read")
    sent = [headers["Authorization"] for _, _, headers in transport.asked]
    assert sent == ["Bearer auth read", "Bearer auth read 1"]
    with pytest.raises(TokenRefused):
        calls.call("POST", "/x", scope="read")
    assert len(transport.asked) == 4


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(418), id="nonsense"),
        pytest.param(Answer(404, "text/html", b"<h1>nginx</h1>"), id="not from the service"),
        pytest.param(Answer(302, "", b""), id="a redirection"),
    ],
)
def test_anything_else_is_a_fault_of_ours(answer: Answer) -> None:
    with pytest.raises(RuntimeError, match=str(answer.status)):
        Calls("auth", Scripted(answer)).call("GET", "/x")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(500), id="a fault"),
        pytest.param(Answer(502, "text/html", b"<h1>nginx</h1>"), id="a page"),
        pytest.param(Answer(200, "text/html", b"<h1>hello</h1>"), id="no JSON"),
        pytest.param(Answer(200, "application/json", b'{"a": '), id="half of it"),
        pytest.param(refusal(503, type="#not-ready"), id="not ready"),
        pytest.param(refusal(503, type="#busy"), id="without its database"),
        pytest.param(None, id="nobody"),
    ],
)
def test_who_is_ill_in_whatever_way_is_not_asked_for_a_while(answer: Answer | None) -> None:
    transport = Scripted(answer)
    calls = Calls("auth", transport)
    for _ in range(Tuning().least):
        with pytest.raises(NotReady):
            calls.call("POST", "/x")
    with pytest.raises(Refused):
        calls.call("POST", "/x")
    assert len(transport.asked) == Tuning().least


@pytest.mark.parametrize(
    "answer",
    [refusal(404), refusal(409), refusal(503, type="#read-only"), refusal(503, type="#overloaded")],
)
def test_who_refuses_with_reason_is_well(answer: Answer) -> None:
    transport = Scripted(answer)
    calls = Calls("auth", transport)
    for _ in range(20):
        with pytest.raises(errors.DomainError):
            calls.call("GET", "/x")
    assert len(transport.asked) == 20


def test_tries_of_one_call_are_one_call() -> None:
    transport = Scripted(None)
    calls = Calls("auth", transport)
    for _ in range(Tuning().least - 1):
        with pytest.raises(NotReady):
            calls.call("GET", "/x")
    assert len(transport.asked) > Tuning().least
    with pytest.raises(NotReady) as silent:
        calls.call("GET", "/x")
    assert not isinstance(silent.value, Refused)
    with pytest.raises(Refused):
        calls.call("GET", "/x")


def test_callers_in_a_hurry_make_nobody_ill(served: RequestContext) -> None:
    transport = Scripted(None)
    calls = Calls("auth", transport, timeout=2)
    for _ in range(10):
        served.deadline = time.perf_counter() + 0.02
        with pytest.raises(NotReady):
            calls.call("GET", "/x")
    served.deadline = time.perf_counter() + 9
    transport.answers = [Answer(204, "", b"")]
    calls.call("GET", "/x")


class Standing:
    """A transport whose other end stands still, until it may go on."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.inside = threading.Semaphore(0)

    def ask(self, *_given: object) -> Answer:
        self.inside.release()
        assert self.go_on.wait(30)
        return Answer(204, "", b"")


def test_however_slow_a_service_is_only_so_many_threads_wait_for_it() -> None:
    transport, most = Standing(), Tuning().at_once
    calls = Calls("auth", transport)
    waiting = [threading.Thread(target=calls.call, args=["GET", "/x"]) for _ in range(most)]
    for one in waiting:
        one.start()
    for _ in waiting:
        assert transport.inside.acquire(timeout=30)
    for _ in range(20):
        with pytest.raises(Refused) as refused:
            calls.call("GET", "/x")
        assert refused.value.why == "full"
    assert not transport.inside.acquire(blocking=False)
    transport.go_on.set()
    for one in waiting:
        one.join(30)
    calls.call("GET", "/x")
