"""HTTP: every answer is checked against openapi.yaml before the test sees it."""

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from client.documents import check_answer, check_page

Headers = Mapping[str, str] | Sequence[tuple[bytes, bytes]]

TIMEOUT = 20.0
"""Seconds; nothing in the contract takes long, a system under test may."""

KEEPALIVE = 1.0
"""Seconds an idle connection is kept; a server keeps it longer, so none is found dead."""

PATIENCE = 30.0
"""Seconds that the suite waits in all for one request that is put off with Retry-After."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that keeps to the contract. `json` is None when there is no body."""

    status: int
    headers: httpx.Headers
    json: Any

    @property
    def problem(self) -> str:
        """The slug of the problem's type."""
        return str(self.json["type"]).rpartition("#")[2]

    @property
    def fields(self) -> set[str]:
        """The fields that an `invalid-request` names."""
        return {error["field"] for error in self.json["errors"]}


class Api:
    """A system at an address. Threads may share it; each gets connections of its own."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            timeout=TIMEOUT,
            limits=httpx.Limits(max_connections=None, keepalive_expiry=KEEPALIVE),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        body: object = None,
        content: bytes | Iterable[bytes] | None = None,
        params: Any = None,
        headers: Headers | None = None,
        expect: int | Collection[int] = 200,
    ) -> Answer:
        """Send a request and return its answer, which must have a status in `expect`.

        `path` is absolute. `body` is sent as JSON; `content` is sent as it is. An answer with
        Retry-After that was not expected is obeyed: the request is sent again after that time.
        """
        expected = {expect} if isinstance(expect, int) else set(expect)
        sent = httpx.Headers(headers)
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            content = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        deadline = time.monotonic() + PATIENCE
        while True:
            response = self._http.request(
                method, path, content=content, params=params, headers=sent
            )
            answer = _checked(method, response)
            pause = int(response.headers.get("Retry-After", 0))
            put_off = answer.status in {429, 503} and answer.status not in expected
            if not put_off or time.monotonic() + pause > deadline:
                break
            time.sleep(pause)
        assert answer.status in expected, (
            f"{method} {path} answered {answer.status}, not {sorted(expected)}: {answer.json}"
        )
        return answer

    def page(self, path: str, expect: int = 200) -> httpx.Response:
        """Get a page or a file outside the API."""
        response = self._http.get(path)
        check_page(path, response.headers)
        assert response.status_code == expect, f"GET {path} answered {response.status_code}"
        return response


def _checked(method: str, response: httpx.Response) -> Answer:
    body: Any = None
    if response.content:
        try:
            body = response.json()
        except ValueError:
            body = response.text
    path = response.request.url.raw_path.decode("ascii").partition("?")[0]
    check_answer(method, path, response.status_code, response.headers, body)
    return Answer(response.status_code, response.headers, body)
