"""Asking another service: the one HTTP client between them.

A call has what is left of its caller's time, and tells how much that is. What the other one refuses
is refused here in the same words. Where nobody answers, what can be done twice is tried again, but
not for many at once: retries on top of an overload would make it last. Whoever has not answered
lately is not asked at all (`chassis.resilience.breaker`).
"""

import json
import random
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

import structlog
import urllib3
from urllib3.exceptions import HTTPError

from chassis import context, deadlines
from chassis.correlation import traceparent
from chassis.errors import DomainError, InvalidInput, NotReady, Unavailable
from chassis.problems import STATUS
from chassis.resilience.breaker import Breaker, Tuning
from chassis.tracing import spans

log = structlog.get_logger()

IDEMPOTENT = frozenset(["GET", "PUT", "DELETE"])
ATTEMPTS, PAUSE = 3, 0.05
"""Tries, and the seconds before the second one; then twice as many, each less by chance."""
LEAST = 0.005
"""Seconds with which a try makes sense."""
SLOW = 0.9
"""The share of the longest time for an answer, from which on one is as bad as none."""
ILL = frozenset(["busy", "not-ready", "internal-error"])
"""What somebody says who cannot do for others what they are there for."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    kind: str
    body: bytes


class Transport(Protocol):
    """Brings one request there. Errors: `NotReady` if no answer came."""

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> Answer:
        """Return the answer; `timeout` is in seconds, for all of it."""


class Pool:
    """Connections that are kept, to one service."""

    def __init__(self, url: str, size: int = 16) -> None:
        self._pool = urllib3.connection_from_url(url, maxsize=size)

    def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, timeout: float
    ) -> Answer:
        """Return the answer."""
        limit = urllib3.Timeout(total=timeout)
        try:
            answer = self._pool.request(
                method,
                path,
                body=body,
                headers=headers,
                timeout=limit,
                retries=False,
                redirect=False,
            )
        except HTTPError as error:
            raise NotReady("Another service does not answer.") from error
        return Answer(answer.status, answer.headers.get("Content-Type", ""), answer.data)


class Budget:
    """How many retries there may be: one for every ten calls, and ten more. After gRPC's A6."""

    def __init__(self, most: float = 10.0, each: float = 0.1) -> None:
        self._most, self._each = most, each
        self._left = most
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Note a call that was answered."""
        with self._lock:
            self._left = min(self._left + self._each, self._most)

    def take(self) -> bool:
        """Return whether there may be one more."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Bearers(Protocol):
    """Who has tokens for other services."""

    def token(self, audience: str, scope: str, identity: str = "") -> str:
        """Return a token; `identity` is the gateway's word for the person who is acted for."""

    def forget(self, audience: str, scope: str) -> None:
        """Take a token for no good any more: whoever it is for has refused it."""


class TokenRefused(RuntimeError):
    """The service does not take our token: a fault of ours, and no matter of the caller's."""


class Calls:
    """Calls to the service `name`. Durations are in seconds.

    Errors: `NotReady` where no answer came in time, or none that makes sense, or it is not asked;
    what the service refuses, as it says it.
    """

    def __init__(
        self, name: str, transport: Transport, bearers: Bearers | None = None, timeout: float = 2.0
    ) -> None:
        self._name = name
        self._transport = transport
        self._bearers = bearers
        self._timeout = timeout
        self._budget = Budget()
        self._breaker = Breaker(name, Tuning(slow=timeout * SLOW))

    def call(
        self,
        method: str,
        path: str,
        said: object = None,
        *,
        scope: str = "",
        identity: str = "",
    ) -> Any:
        """Send JSON, if any, and return the document that comes back; None if there is none."""
        headers = {"Content-Type": "application/json"}
        body = b"" if said is None else json.dumps(said).encode()
        bearers = self._bearers
        if not scope or bearers is None:
            return self._ask(method, path, headers, body)

        def ask() -> Any:
            token = bearers.token(self._name, scope, identity)
            return self._ask(method, path, headers | {"Authorization": f"Bearer {token}"}, body)

        try:
            return ask()
        except TokenRefused:  # its key was taken back, say: another one may be good
            bearers.forget(self._name, scope)
            return ask()

    def form(self, path: str, fields: Mapping[str, str], authorization: str) -> Any:
        """Post a form, and return the document that comes back."""
        kind = "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, "Authorization": authorization}
        return self._ask("POST", path, headers, urlencode(fields).encode())

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Any:
        if request_id := context.request_id():
            headers["X-Request-ID"] = request_id
        began, left = time.perf_counter(), min(self._timeout, context.time_left())
        try:
            with self._breaker.call(left):  # all tries are one call
                answer = self._until_answered(method, path, headers, body, began + left)
                return self._understood(answer)
        finally:
            context.spend_elsewhere(self._name, time.perf_counter() - began)

    def _until_answered(
        self, method: str, path: str, headers: dict[str, str], body: bytes, ends: float
    ) -> Answer:
        for attempt in range(1, ATTEMPTS + 1):
            left = ends - time.perf_counter()
            if left < LEAST:
                break
            headers[deadlines.HEADER] = str(int(left * 1000))
            try:
                answer = self._try(method, path, headers, body, left)
            except NotReady:
                pause = PAUSE * 2**attempt * random.uniform(0.5, 1)  # noqa: S311 - no secret
                left = ends - time.perf_counter()
                is_last = attempt == ATTEMPTS or left < pause + LEAST
                if is_last or method not in IDEMPOTENT or not self._budget.take():
                    break
                time.sleep(pause)
            else:
                self._budget.earn()
                return answer
        raise NotReady(f"The service {self._name} does not answer.")

    def _try(
        self, method: str, path: str, headers: dict[str, str], body: bytes, left: float
    ) -> Answer:
        with spans.calling(self._name, method) as span:
            headers["traceparent"] = traceparent(context.request_id())
            answer = self._transport.ask(method, path, headers, body, left)
            spans.answered(span, answer.status)
            return answer

    def _understood(self, answer: Answer) -> Any:
        """Return the document that came back; raise what it says instead."""
        try:
            if answer.status < HTTPStatus.MULTIPLE_CHOICES:
                return json.loads(answer.body) if answer.body else None
            raise self._refused(answer)
        except ValueError as error:
            raise self._wrong(answer) from error

    def _refused(self, answer: Answer) -> Exception:
        """Return what to raise: the caller's mistakes and what will pass, as they were told.

        Anything else is a fault of ours: that a token is not taken, say.
        """
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return TokenRefused(f"the service {self._name} does not take our token")
        kind = next((kind for kind, one in STATUS.items() if one == answer.status), None)
        if answer.kind.startswith("application/problem+json") and kind is not None:
            return passed_on(kind, json.loads(answer.body))
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return self._wrong(answer)
        return RuntimeError(f"the service {self._name} answered {answer.status}")

    def _wrong(self, answer: Answer) -> NotReady:
        """Return the error for nonsense: for whoever asks it is as if there were no answer."""
        log.error("call.wrong", service=self._name, status=answer.status, kind=answer.kind)
        return NotReady(f"The service {self._name} does not answer sensibly.")


def passed_on(kind: type[DomainError], document: Mapping[str, Any]) -> DomainError:
    """Return the error that another service tells of."""
    detail = document["detail"]
    if issubclass(kind, InvalidInput):
        error: DomainError = kind("", detail)
    elif issubclass(kind, Unavailable):
        is_ill = document["type"].rpartition("#")[2] in ILL
        error = (NotReady if is_ill else kind)(detail, document.get("retry_after", 1))
    else:
        error = kind(detail)
    error.told = document
    return error
