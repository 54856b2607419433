"""Bad input, at every operation: a problem that names the field, never a server error."""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from client import Answer, Json, Person
from client.documents import openapi

ANY = range(200, 500)
BODY_MAX = 65536
JSON_TYPE = {"Content-Type": "application/json"}


def operation(method: str, path: str, definition: Json) -> Any:
    """Return a case for `parametrize`: only where the capability that it needs is declared."""
    needed = definition.get("x-capability")
    return pytest.param(method, path, marks=[pytest.mark.capability(needed)] if needed else [])


def operations_with_a_body() -> list[Any]:
    return [
        operation(method.upper(), path, definition)
        for path, item in openapi()["paths"].items()
        for method, definition in item.items()
        if "requestBody" in definition
    ]


def operations_with_a_query() -> list[Any]:
    return [
        operation("GET", path, item["get"])
        for path, item in openapi()["paths"].items()
        if path.startswith("/api/v1") and "get" in item
    ]


BODIES = pytest.mark.parametrize(
    ("method", "path"), operations_with_a_body(), ids=lambda part: part.removeprefix("/api/v1")
)


def example_of(method: str, path: str) -> Json:
    """Return the document's own example of a body, which fits its schema."""
    media = openapi()["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]
    examples = media.get("examples") or {"only": {"value": media["example"]}}
    return dict(next(iter(examples.values()))["value"])


@pytest.fixture(scope="module")
def place(pool: dict[str, Person]) -> dict[str, str]:
    """What stands for the parameters of a path: a message in a group of Ada's."""
    ada, bob = pool["ada"], pool["bob"]
    sent = ada.send(ada.start_group(bob)["id"])
    return {
        "conversation_id": sent["conversation_id"],
        "message_id": sent["id"],
        "user_id": bob.id,
        "emoji": "%F0%9F%91%8D",
        "job_id": sent["id"],  # there is none
    }


class Sender:
    """Sends what it is given, as Ada or whoever may, and lets no server error pass."""

    def __init__(self, ada: Person, place: dict[str, str], admin: Callable[[], Person]) -> None:
        self._ada = ada
        self._place = place
        self._admin = admin

    def __call__(self, method: str, path: str, **request: Any) -> Answer:
        who, place = self._ada, self._place
        if path.startswith(("/api/v1/moderation", "/api/v1/dead-letters")):
            who = self._admin()
            place = place | {"user_id": who.id}  # whom nobody can moderate
        below = path.removeprefix("/api/v1").format(**place)
        return who.call(method, below, expect=ANY, **request)


@pytest.fixture
def send(request: pytest.FixtureRequest, ada: Person, place: dict[str, str]) -> Sender:
    return Sender(ada, place, lambda: request.getfixturevalue("admin"))


# bodies


MALFORMED = {
    "nothing": b"",
    "cut off": b'{"body": "x',
    "trailing comma": b'{"body": "x",}',
    "single quotes": b"{'body': 'x'}",
    "two values": b"{} {}",
    "a word": b"hello",
    "bad escape": b'{"body": "\\x"}',
    "invalid utf-8": b'{"body": "\xff\xfe"}',
    "latin-1": '{"body": "é"}'.encode("latin-1"),
    "raw control character": b'{"body": "a\x00b"}',
}


@BODIES
def test_malformed_json(send: Sender, method: str, path: str) -> None:
    for name, content in MALFORMED.items():
        answer = send(method, path, content=content, headers=JSON_TYPE)
        assert (answer.status, answer.problem) == (400, "malformed-json"), name


DUBIOUS = {
    "lone surrogate": b'{"body": "\\ud800", "name": "\\udfff", "username": "\\ud800"}',
    "deep array": b"[" * 20000,
    "deep and closed": b"[" * 20000 + b"]" * 20000,
    "deep object": b'{"body":' * 5000 + b"1" + b"}" * 5000,
    "not a number": b'{"seq": NaN}',
    "infinity": b'{"seq": 1e999}',
    "many digits": b'{"seq": ' + b"9" * 30000 + b"}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "doubled field": b'{"seq": 1, "seq": "x", "body": "a", "body": 7}',
}


@BODIES
def test_dubious_json_is_refused_one_way_or_the_other(send: Sender, method: str, path: str) -> None:
    for name, content in DUBIOUS.items():
        answer = send(method, path, content=content, headers=JSON_TYPE)
        assert answer.status in {400, 422}, name


@BODIES
def test_json_that_is_no_object(send: Sender, method: str, path: str) -> None:
    for content in (b"[]", b"null", b"true", b'"x"', b"7", b"[{}]"):
        answer = send(method, path, content=content, headers=JSON_TYPE)
        assert (answer.status, answer.problem) == (422, "invalid-request"), content


@BODIES
def test_an_unknown_field_is_named(send: Sender, method: str, path: str) -> None:
    body = example_of(method, path) | {"surprise": 1}
    answer = send(method, path, body=body)
    assert answer.status == 422
    assert "surprise" in answer.fields


def test_an_answer_does_not_grow_with_the_number_of_faults(ada: Person, group_id: str) -> None:
    body = {f"surprise{number}": 1 for number in range(3000)}
    answer = ada.call("POST", f"/conversations/{group_id}/messages", body=body, expect=422)
    assert len(answer.json["errors"]) == 20


WRONG_TYPES: list[Any] = [None, True, 7, 1.5, "x\0", [], {}, [[]], [None], {"x": 1}]


@BODIES
def test_every_field_refuses_every_wrong_type(send: Sender, method: str, path: str) -> None:
    example = example_of(method, path)
    for field, right in example.items():
        for wrong in WRONG_TYPES:
            if type(wrong) is type(right) and isinstance(right, (list, int)):
                continue
            answer = send(method, path, body=example | {field: wrong})
            if answer.status == 401 and isinstance(wrong, str):
                continue  # a credential like any other, and a wrong one
            assert answer.status == 422, (field, wrong)
            named = {name.partition(".")[0] for name in answer.fields}
            assert field in named, (field, wrong, answer.fields)


@BODIES
def test_every_required_field_is_missed_by_name(send: Sender, method: str, path: str) -> None:
    answer = send(method, path, body={})
    assert answer.status == 422
    required = set(example_of(method, path)) if "profiles/me" not in path else set()
    optional = {"reply_to", "access_ttl", "name"}
    assert required - optional <= answer.fields | optional


@BODIES
@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/x-www-form-urlencoded", "application/xml", "nonsense"],
)
def test_a_body_must_say_that_it_is_json(
    send: Sender, method: str, path: str, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    content = json.dumps(example_of(method, path)).encode()
    answer = send(method, path, content=content, headers=headers)
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_json_may_name_its_charset(ada: Person, group_id: str) -> None:
    ada.call(
        "POST",
        f"/conversations/{group_id}/messages",
        content=b'{"client_id": "x", "body": "\xc3\xa9"}',
        headers={"Content-Type": "application/json; charset=utf-8"},
        expect=201,
    )


@BODIES
def test_a_body_over_the_limit(send: Sender, method: str, path: str) -> None:
    content = b"{" + b" " * BODY_MAX + b"}"
    answer = send(method, path, content=content, headers=JSON_TYPE | {"Connection": "close"})
    assert (answer.status, answer.problem) == (413, "payload-too-large")


def test_a_refused_body_breaks_no_connection(url: str) -> None:
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=10)
    for _ in range(3):  # the library connects anew after an answer that says `Connection: close`
        connection.request("POST", "/api/v1/auth/login", b" " * BODY_MAX * 2, JSON_TYPE)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 413
    connection.close()


def test_a_body_at_the_limit(ada: Person, group_id: str) -> None:
    content = json.dumps({"client_id": "x", "body": "y"}).encode().ljust(BODY_MAX)
    path = f"/conversations/{group_id}/messages"
    ada.call("POST", path, content=content, headers=JSON_TYPE, expect=201)


def test_a_body_of_unknown_length_has_the_same_limit(ada: Person, group_id: str) -> None:
    def chunks() -> Iterator[bytes]:
        yield from [b" " * 8192] * 9

    path = f"/conversations/{group_id}/messages"
    headers = JSON_TYPE | {"Connection": "close"}
    answer = ada.call("POST", path, content=chunks(), headers=headers, expect=413)
    assert answer.problem == "payload-too-large"


# queries


ABSURD_QUERIES = [
    "limit=%00",
    "cursor=%ff%fe",
    "q=%ff",
    "ids=%00",
    "after=%C2%B2",
    "a=1&a=2",
    "=&&&=",
    "x" * 3000,
    "limit=1;cursor=2",
    "%00=1",
    "ids[]=1",
]


@pytest.mark.parametrize(("method", "path"), operations_with_a_query(), ids=lambda part: part)
def test_absurd_queries_are_no_server_errors(send: Sender, method: str, path: str) -> None:
    for query in ABSURD_QUERIES:
        send(method, f"{path}?{query}")


def test_a_parameter_given_twice_is_named(ada: Person, group_id: str) -> None:
    for path, name in (
        (f"/conversations/{group_id}/messages?limit=1&limit=2", "limit"),
        (f"/conversations/{group_id}/changes?after=0&after=0", "after"),
        ("/profiles/search?q=a&q=b", "q"),
        (f"/profiles?ids={ada.id}&ids={ada.id}", "ids"),
    ):
        assert ada.call("GET", path, expect=422).fields == {name}


def test_an_unknown_parameter_is_named(ada: Person, group_id: str) -> None:
    for path in (
        f"/conversations/{group_id}/messages?offset=3",
        "/profiles/search?q=a&offset=3",
        "/conversations?offset=3",
    ):
        assert ada.call("GET", path, expect=422).fields == {"offset"}


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


CURSORS = [
    "",
    "x",
    "%00",
    "null",
    "0",
    "-1",
    "AAAA",
    "////",
    "x" * 512,
    "x" * 513,
    "💥",
    "../../etc/passwd",
    encoded(None),
    encoded([]),
    encoded({}),
    encoded([None, None]),
    encoded([1e308, "x"]),
    encoded([[[]]]),
    encoded("' OR 1=1 --"),
    encoded([1, "\ud800"]),
    encoded(["\ud800"]),
]


@pytest.mark.parametrize("cursor", CURSORS)
def test_absurd_cursors_are_refused(ada: Person, group_id: str, cursor: str) -> None:
    for path, params in (
        ("/conversations", {}),
        (f"/conversations/{group_id}/members", {}),
        ("/profiles/search", {"q": "a"}),
    ):
        asked = {**params, "cursor": cursor}
        assert ada.call("GET", path, params=asked, expect=422).fields == {"cursor"}


def test_a_changed_cursor_does_no_harm(ada: Person, bob: Person, cem: Person) -> None:
    group_id = ada.start_group(bob, cem)["id"]
    path = f"/conversations/{group_id}/members"
    cursor = ada.call("GET", path, params={"limit": 1}).json["next_cursor"]
    for position in range(0, len(cursor), 3):
        other = "B" if cursor[position] == "A" else "A"
        changed = cursor[:position] + other + cursor[position + 1 :]
        ada.call("GET", path, params={"cursor": changed}, expect=(200, 422))


def test_a_cursor_of_another_list_does_no_harm(ada: Person, bob: Person, cem: Person) -> None:
    group_id = ada.start_group(bob, cem)["id"]
    members = f"/conversations/{group_id}/members"
    cursor = ada.call("GET", members, params={"limit": 1}).json["next_cursor"]
    ada.call("GET", "/conversations", params={"cursor": cursor}, expect=(200, 422))


# headers and raw HTTP


def raw_exchange(url: str, request: bytes) -> bytes:
    """Send bytes and return the first bytes of the answer; empty if the system hangs up."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port or 80), timeout=5) as connection:
        try:
            connection.sendall(request)
            return connection.recv(64)
        except ConnectionError:
            return b""


UNREADABLE = {
    "long header": b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
    "long path": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "odd length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
    "noise": b"NONSENSE\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\n\r\n",
    "chunk size": (
        b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("request_bytes", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_http_is_refused_and_the_system_goes_on(
    ada: Person, request_bytes: bytes
) -> None:
    start = raw_exchange(ada.api.url, request_bytes)
    assert not start or start.split()[1][:1] == b"4", start
    assert ada.profile()["id"] == ada.id


def test_a_server_header_names_no_version(ada: Person) -> None:
    server = ada.call("GET", "/profiles/me").headers.get("Server", "")
    assert not any(character.isdigit() for character in server)


def test_a_body_where_none_belongs_does_no_harm(ada: Person, place: dict[str, str]) -> None:
    for method, path in (("POST", "/realtime/tickets"), ("GET", "/profiles/me")):
        ada.call(method, path, content=b"[[[", headers=JSON_TYPE, expect=(200, 201, 400, 422))
