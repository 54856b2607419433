"""What every answer carries, what runs here, and the pages beside the API."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from client import Answer, Api, Json, Person, Socket, new_client_id

METRIC = re.compile(r"^[\w.-]+(;dur=[0-9.]+)?(;desc=(\"[^\"]*\"|[\w.-]+))?$")
PAGES = ["/", "/lesson", "/api/docs/", "/api/docs/problems", "/api/docs/events.html"]
FILES = ["/api/openapi.yaml", "/api/asyncapi.yaml", "/api/docs/docs.css", "/lesson.md"]


@pytest.mark.short
def test_system_describes_itself(system: Json) -> None:
    assert system["step"].startswith(str(system["phase"]))
    assert system["links"]["docs"] == "/api/docs/"


@pytest.mark.short
def test_health_and_readiness(api: Api) -> None:
    assert api.call("GET", "/healthz").json == {"status": "ok"}
    assert api.call("GET", "/readyz").json == {"status": "ready"}


def made_by_the_system(answer: Answer) -> str:
    """Return the request's id, which must be one of the system's own making."""
    made = str(answer.headers["X-Request-ID"])
    assert UUID(made).version == 7
    return made


def test_request_ids_are_made_by_the_system(api: Api) -> None:
    seen = {made_by_the_system(api.call("GET", "/healthz")) for _ in range(3)}
    assert len(seen) == 3


def test_a_callers_request_id_is_ignored_unless_the_system_says_otherwise(
    system: Json, ada: Person
) -> None:
    if "request-ids" in system["capabilities"]:
        pytest.skip("this system declares request-ids")
    asked = "018f0000-0000-7000-8000-000000000000"
    answer = ada.call("GET", "/profiles/me", headers={"X-Request-ID": asked})
    assert made_by_the_system(answer) != asked


@pytest.mark.capability("request-ids")
@pytest.mark.parametrize("given", ["12345678", "a.B_c-9" * 18, str(uuid4())])
def test_a_caller_may_name_a_request(ada: Person, given: str) -> None:
    answer = ada.call("GET", "/profiles/me", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] == given


@pytest.mark.capability("request-ids")
@pytest.mark.parametrize(
    "given", ["", "1234567", "a" * 129, "with space", 'quo"te-123', "a\tb-345678", "caf\xe9-12345"]
)
def test_a_name_that_is_none_is_replaced(ada: Person, given: str) -> None:
    raw = given.encode("latin-1")
    answer = ada.call("GET", "/profiles/me", headers=[(b"X-Request-ID", raw)])
    assert made_by_the_system(answer) != given


@pytest.mark.capability("request-ids")
def test_two_names_for_one_request_are_none(ada: Person) -> None:
    answer = ada.call("GET", "/profiles/me", headers=[(b"X-Request-ID", b"one-name")] * 2)
    made_by_the_system(answer)


@pytest.mark.capability("request-ids")
def test_the_name_of_a_request_goes_into_its_problem_and_its_event(
    ada: Person, bob: Person, group_id: str, open_socket: Callable[[Person], Socket]
) -> None:
    given = {"X-Request-ID": f"mine-{uuid4()}"}
    answer = ada.call("GET", "/nothing", headers=given, expect=404)
    assert answer.json["request_id"] == given["X-Request-ID"]
    socket = open_socket(bob)
    ada.call(
        "POST",
        f"/conversations/{group_id}/messages",
        body={"client_id": new_client_id(), "body": "hello"},
        headers=given,
        expect=201,
    )
    socket.wait_for("message.created", request_id=given["X-Request-ID"])


@pytest.mark.capability("metrics")
@pytest.mark.parametrize("path", ["/metrics", "/main.js", "/web/../metrics"])
@pytest.mark.parametrize("host", [None, "127.0.0.1:9000", "localhost:9101"])
def test_metrics_are_not_on_the_address_that_everybody_knows(
    api: Api, path: str, host: str | None
) -> None:
    headers = {"Host": host, "X-Forwarded-Port": "9000", "Server-Port": "9000"} if host else {}
    assert api.call("GET", path, headers=headers, expect=404).problem == "not-found"


def test_an_error_quotes_its_own_request_id(api: Api) -> None:
    answer = api.call("GET", "/api/v1/nothing", headers={"X-Request-ID": "mine"}, expect=404)
    assert answer.json["request_id"] == answer.headers["X-Request-ID"] != "mine"


def test_server_timing_says_where_the_time_went(ada: Person) -> None:
    answer = ada.call("GET", "/conversations")
    metrics = re.split(r",\s*(?=[^\"]*(?:\"[^\"]*\"[^\"]*)*$)", answer.headers["Server-Timing"])
    assert all(METRIC.match(metric) for metric in metrics), metrics
    assert any(";dur=" in metric for metric in metrics)


@pytest.mark.short
@pytest.mark.parametrize("path", PAGES + FILES)
def test_pages_and_files_are_there_and_carry_the_headers(api: Api, path: str) -> None:
    page = api.page(path)
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.content
    if path in PAGES:
        assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/", "/api/docs/", "/api/docs/problems"])
def test_pages_run_only_their_own_scripts(api: Api, path: str) -> None:
    policy = api.page(path).headers["Content-Security-Policy"]
    directives = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == ["'self'"]
    assert directives["frame-ancestors"] == ["'none'"]


def test_api_answers_are_of_no_use_to_a_hostile_page(ada: Person) -> None:
    headers = ada.call("GET", "/profiles/me").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers.get("Access-Control-Allow-Origin") is None


def test_files_beside_the_pages_stay_private(api: Api) -> None:
    for path in ("/api/docs/%2e%2e/README.md", "/web/..%2f..%2fREADME.md"):
        api.page(path, expect=404)


def test_an_unknown_path_is_a_problem(api: Api, ada: Person) -> None:
    assert api.call("GET", "/api/v1/nothing", expect=404).problem == "not-found"
    assert ada.call("POST", "/conversations/x/y/z", body={}, expect=404).problem == "not-found"


@pytest.mark.parametrize(
    ("method", "path", "known"),
    [
        ("DELETE", "/profiles/me", {"GET", "PATCH"}),
        ("PUT", "/conversations", {"GET", "POST"}),
        ("GET", "/auth/login", {"POST"}),
        ("POST", "/presence", {"GET"}),
        ("PATCH", "/realtime/tickets", {"POST"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(
    ada: Person, method: str, path: str, known: set[str]
) -> None:
    answer = ada.call(method, path, expect=405)
    assert answer.problem == "method-not-allowed"
    allowed = {name.strip() for name in answer.headers["Allow"].split(",")}
    assert known <= allowed
    assert method not in allowed


def test_many_requests_at_once_are_all_answered(ada: Person) -> None:
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: ada.profile()["id"], range(64)))
    assert set(answers) == {ada.id}
