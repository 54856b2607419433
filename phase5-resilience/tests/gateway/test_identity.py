"""What the gateway tells the services of who is calling, and whom it turns away."""

import httpx
import pytest
from gateways import Gateway, Service, StartGateway, problem_of
from issuing import SECRET, Monolith
from waiting import wait_for

from chassis.identity import HEADER, Caller, Identities

ME = "/api/v1/profiles/me"


@pytest.fixture
def rights() -> dict[str, str]:
    """Here it counts who asks."""
    return {}


def _get(
    gateway: Gateway, path: str = ME, token: str = "", method: str = "GET", **headers: str
) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.request(method, gateway.url + path, headers=bearer | headers)


def _passes(gateway: Gateway, token: str) -> bool:
    return _get(gateway, token=token).status_code == 200


def test_a_service_is_told_who_it_is_and_gets_no_token(
    gateway: Gateway, service: Service, monolith: Monolith
) -> None:
    token = monolith.token(sub="ada", sid="phone")
    wait_for(lambda: _passes(gateway, token))
    asked = service.asked[-1]
    assert Identities(SECRET).caller(asked.header(HEADER) or "") == Caller(
        "ada", "phone", ("member",)
    )
    assert asked.header("Authorization") is None


def test_what_a_client_says_of_itself_reaches_no_service(
    gateway: Gateway, service: Service, monolith: Monolith
) -> None:
    token = monolith.token(sub="ada")
    wait_for(lambda: _passes(gateway, token))
    forged = {HEADER: "v1.forged.forged", "X_Identity": "v1.forged", "X-User": "bob"}
    _get(gateway, "/api/v1/system", **forged)
    assert service.asked[-1].header(HEADER) is None
    _get(gateway, token=token, **forged)
    assert Identities(SECRET).caller(service.asked[-1].header(HEADER) or "").user_id == "ada"
    names = {name.lower() for name, _ in service.asked[-1].headers}
    assert names.isdisjoint({"x_identity", "x-user", "authorization"})


def test_nobody_gets_past_it_without_a_token(
    gateway: Gateway, service: Service, monolith: Monolith
) -> None:
    wait_for(lambda: _passes(gateway, monolith.token()))
    before = len(service.asked)
    for token in ("", "nonsense", monolith.token()[:-1]):
        answer = _get(gateway, token=token)
        assert answer.status_code == 401
        assert problem_of(answer) == "unauthenticated"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.headers["Cache-Control"] == "no-store"
    assert len(service.asked) == before


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/moderation/actions",
        "/api/v1//moderation/actions",
        "/api/v1/%6doderation/actions",
        "/api/v1/x/../moderation/actions",
        "/api/v1/moderation%2factions",
        "//api/v1/moderation/actions",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "ODD"])
def test_what_takes_a_role_is_closed_to_others_however_it_is_written(
    gateway: Gateway, monolith: Monolith, method: str, path: str
) -> None:
    wait_for(lambda: _passes(gateway, monolith.token()))
    raw = httpx.URL(gateway.url).copy_with(raw_path=path.encode())
    answers = {
        role: httpx.request(
            method, raw, headers={"Authorization": f"Bearer {monolith.token(roles=[role])}"}
        )
        for role in ("member", "moderator", "admin")
    }
    assert answers["member"].status_code == 403
    assert problem_of(answers["member"]) == "forbidden"
    assert answers["moderator"].status_code == answers["admin"].status_code == 200


def test_roles_are_given_by_admins_alone(gateway: Gateway, monolith: Monolith) -> None:
    wait_for(lambda: _passes(gateway, monolith.token()))
    for role, status in {"member": 403, "moderator": 403, "admin": 200}.items():
        token = monolith.token(roles=[role])
        path = "/api/v1/moderation/roles/u"
        assert _get(gateway, path, token, "PUT").status_code == status


def test_before_its_first_pull_it_asks_to_come_again(
    start_gateway: StartGateway, monolith: Monolith
) -> None:
    monolith.is_silent = True
    gateway = start_gateway()
    answer = _get(gateway, token=monolith.token())
    assert answer.status_code == 503
    assert problem_of(answer) == "not-ready"
    assert answer.headers["Retry-After"] == str(answer.json()["retry_after"]) == "1"
    assert _get(gateway, "/api/v1/system").status_code == 200
    monolith.is_silent = False
    wait_for(lambda: _passes(gateway, monolith.token()))


def test_a_reload_forgets_nothing(gateway: Gateway, monolith: Monolith) -> None:
    token = monolith.token(sid="gone")
    wait_for(lambda: _passes(gateway, token))
    monolith.end("gone")
    wait_for(lambda: not _passes(gateway, token))
    monolith.is_silent = True
    gateway.reload()
    assert _get(gateway, token=token).status_code == 401
    assert _passes(gateway, monolith.token())


def test_a_token_given_twice_is_a_bad_request(gateway: Gateway, monolith: Monolith) -> None:
    line = f"Authorization: Bearer {monolith.token()}\r\n"
    head = f"GET {ME} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{line}{line}\r\n"
    answer = gateway.raw(head.encode()).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "problem+json" in answer


def test_a_role_can_have_a_limit_of_its_own(gateway: Gateway, monolith: Monolith) -> None:
    wait_for(lambda: _passes(gateway, monolith.token()))
    for role, name in {"member": "search-person", "moderator": "search-moderator"}.items():
        token = monolith.token(sub=role, roles=[role])
        answer = _get(gateway, "/api/v1/profiles/search?q=x", token)
        assert answer.headers["RateLimit-Policy"].startswith(f'"{name}"')
