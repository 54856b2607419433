"""Accounts and logins: registering, logging in, refreshing, expiring, logging out."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from client import Aging, Api, Json, Person, eventually

REGISTER = "/api/v1/auth/register"
LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"

Newcomer = Callable[[], Person]


def credentials(person: Person, **changed: Any) -> Json:
    return {"username": person.username, "password": person.password} | changed


def is_dead(person: Person) -> None:
    """Assert that neither token of this login works any more."""
    assert person.call("GET", "/profiles/me", expect=(200, 401)).status == 401
    assert person.refresh(expect=(200, 401)).status == 401


# registering


@pytest.mark.short
def test_registering_logs_in_and_makes_a_profile(newcomer: Newcomer) -> None:
    person = newcomer()
    profile = person.profile()
    assert profile["id"] == person.id
    assert profile["username"] == person.username
    assert profile["bio"] == ""
    assert person.tokens["expires_in"] == 900
    assert person.tokens["refresh_expires_in"] == 30 * 24 * 3600


def test_a_username_belongs_to_one_person(api: Api, ada: Person) -> None:
    body = credentials(ada, display_name="Somebody else", password="another password")
    assert api.call("POST", REGISTER, body=body, expect=409).problem == "username-taken"
    assert ada.login().id == ada.id


def test_a_username_taken_twice_at_once_goes_to_one(api: Api, run_id: str) -> None:
    body = {"username": f"race-{run_id}", "password": "correct horse", "display_name": "Race"}

    def register(_: int) -> int:
        return api.call("POST", REGISTER, body=body, expect=(201, 409)).status

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(register, range(4))) == [201, 409, 409, 409]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ab"),
        ("username", "a" * 33),
        ("username", "Ada"),
        ("username", "-ada"),
        ("username", "ada lovelace"),
        ("username", "adä"),
        ("username", "ada\n"),
        ("password", "seven77"),
        ("password", "x" * 129),
        ("password", "nul\0 and more"),
        ("display_name", ""),
        ("display_name", "   "),
        ("display_name", "x" * 65),
        ("display_name", "two\nlines"),
        ("display_name", "nul\0"),
    ],
)
def test_registering_refuses_what_is_out_of_bounds(
    api: Api, run_id: str, field: str, value: str
) -> None:
    body = {"username": f"no-{run_id}", "password": "correct horse", "display_name": "No"}
    answer = api.call("POST", REGISTER, body=body | {field: value}, expect=422)
    assert answer.fields == {field}


def test_registering_accepts_what_is_just_within_bounds(api: Api, run_id: str) -> None:
    for username, password, name in (
        (f"{run_id}.a-b_c".ljust(32, "x"), "x" * 8, "x"),
        (f"0{run_id[:7]}", "ü" * 128, "\U0001d4b3" * 64),
    ):
        person = Person.register(api, username, name, password)
        assert person.profile()["display_name"] == name
        assert person.login().id == person.id


def test_names_are_trimmed(api: Api, run_id: str) -> None:
    person = Person.register(api, f"trim-{run_id}", "  Ada L.  ")
    assert person.profile()["display_name"] == "Ada L."


# logging in


def test_each_login_is_its_own(ada: Person) -> None:
    first, second = ada.login(), ada.login()
    assert first.tokens["login_id"] != second.tokens["login_id"]
    first.logout()
    eventually(lambda: is_dead(first))
    assert second.profile()["id"] == ada.id


def test_typing_ones_username_in_capitals_logs_in(api: Api, ada: Person) -> None:
    body = credentials(ada, username=ada.username.upper())
    assert api.call("POST", LOGIN, body=body).json["user_id"] == ada.id


def test_a_login_does_not_tell_which_accounts_exist(api: Api, ada: Person, run_id: str) -> None:
    wrong = credentials(ada, password="wrong password")
    unknown = credentials(ada, username=f"nobody-{run_id}")
    told = [api.call("POST", LOGIN, body=body, expect=401) for body in (wrong, unknown)]
    assert told[0].problem == "invalid-credentials"
    bodies = [{**answer.json, "request_id": None} for answer in told]
    assert bodies[0] == bodies[1]
    assert set(told[0].headers) == set(told[1].headers)


def test_passwords_are_compared_whole(api: Api, run_id: str) -> None:
    person = Person.register(api, f"whole-{run_id}", "Whole", "x" * 100)
    for password in ("x" * 99, "x" * 101, "X" * 100, " " + "x" * 100):
        api.call("POST", LOGIN, body=credentials(person, password=password), expect=401)


@pytest.mark.parametrize("ttl", [0, -1, 901, 1.5, "5", True, None, 2**63, [1]])
def test_an_access_token_lives_between_one_second_and_the_default(
    api: Api, ada: Person, ttl: object
) -> None:
    answer = api.call("POST", LOGIN, body=credentials(ada, access_ttl=ttl), expect=422)
    assert answer.fields == {"access_ttl"}


# tokens


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer nonsense", "Basic YTpi", "bearer\tx", "Bearer " + "x" * 4000],
)
def test_without_a_good_token_nothing_is_told(api: Api, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/api/v1/profiles/me", "/api/v1/conversations"):
        answer = api.call("GET", path, headers=headers, expect=401)
        assert answer.problem == "unauthenticated"


def test_a_refresh_token_is_no_access_token(ada: Person, api: Api) -> None:
    api.call("GET", "/api/v1/profiles/me", token=ada.tokens["refresh_token"], expect=401)


def test_an_access_token_is_no_refresh_token(ada: Person) -> None:
    answer = ada.refresh(ada.tokens["access_token"], expect=401)
    assert answer.problem == "invalid-refresh-token"
    assert ada.profile()["id"] == ada.id


def test_an_expired_token_is_refused_and_its_login_goes_on(ada: Person) -> None:
    brief = ada.login(access_ttl=1)
    assert brief.tokens["expires_in"] == 1

    def expired() -> None:
        answer = brief.call("GET", "/profiles/me", expect=(200, 401))
        assert answer.status == 401
        assert answer.problem == "unauthenticated"

    eventually(expired, within=3)
    brief.tokens = brief.refresh().json
    assert brief.tokens["expires_in"] == 1, "a refresh keeps the login's access_ttl"
    assert brief.profile()["id"] == ada.id


@pytest.mark.short
def test_a_refresh_gives_new_tokens_of_the_same_login(ada: Person) -> None:
    device = ada.login()
    after = device.refresh().json
    assert after["login_id"] == device.tokens["login_id"]
    assert after["user_id"] == ada.id
    assert after["access_token"] != device.tokens["access_token"]
    assert after["refresh_token"] != device.tokens["refresh_token"]
    assert device.profile()["id"] == ada.id, "the access token from before lives on"
    device.tokens = after
    assert device.profile()["id"] == ada.id


def test_a_lost_answer_to_a_refresh_logs_nobody_out(ada: Person) -> None:
    device = ada.login()
    lost = device.refresh().json
    sibling = device.refresh().json
    assert sibling["login_id"] == lost["login_id"]
    for tokens in (lost, sibling):
        again = Person(ada.api, ada.username, ada.password, tokens)
        assert again.profile()["id"] == ada.id
    device.tokens = device.refresh(sibling["refresh_token"]).json
    assert device.profile()["id"] == ada.id


def test_using_a_successor_retires_its_predecessor(ada: Person) -> None:
    device = ada.login()
    first = device.tokens["refresh_token"]
    second = device.refresh().json["refresh_token"]
    device.tokens = device.refresh(second).json
    assert device.refresh(first, expect=401).problem == "invalid-refresh-token"
    eventually(lambda: is_dead(device))


def test_a_sibling_retires_the_predecessor_too(ada: Person) -> None:
    device = ada.login()
    first = device.tokens["refresh_token"]
    device.refresh()
    sibling = device.refresh().json["refresh_token"]
    device.tokens = device.refresh(sibling).json
    device.refresh(first, expect=401)
    eventually(lambda: is_dead(device))


def test_reusing_an_old_token_ends_that_login_only(ada: Person) -> None:
    stolen, other = ada.login(), ada.login()
    oldest = stolen.tokens["refresh_token"]
    for _ in range(3):
        stolen.tokens = stolen.refresh().json
    stolen.refresh(oldest, expect=401)
    eventually(lambda: is_dead(stolen))
    assert other.profile()["id"] == ada.id


def test_a_predecessor_works_for_half_a_minute_at_most(aging: Aging) -> None:
    aging.wait()
    device = aging.refreshed
    assert device.refresh(expect=401).problem == "invalid-refresh-token"
    eventually(lambda: is_dead(device))


def test_refreshing_from_several_tabs_at_once_works_for_all(ada: Person) -> None:
    device = ada.login()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: device.refresh().json, range(4)))
    for tokens in answers:
        tab = Person(ada.api, ada.username, ada.password, tokens)
        assert tab.profile()["id"] == ada.id


@pytest.mark.parametrize("token", ["x", "r_" + "x" * 40, "a.b.c"])
def test_an_unknown_refresh_token_is_refused(api: Api, token: str) -> None:
    answer = api.call("POST", REFRESH, body={"refresh_token": token}, expect=401)
    assert answer.problem == "invalid-refresh-token"


# logging out


@pytest.mark.short
def test_logging_out_ends_one_login(ada: Person) -> None:
    device = ada.login()
    rotated = device.refresh().json
    device.logout()
    eventually(lambda: is_dead(device))
    eventually(lambda: is_dead(Person(ada.api, ada.username, ada.password, rotated)))
    assert ada.profile()["id"] == ada.id


def test_logging_out_everywhere_ends_every_login_of_this_person_only(
    newcomer: Newcomer, ada: Person
) -> None:
    person = newcomer()
    devices = [person, person.login(), person.login()]
    devices[1].logout_all()
    for device in devices:
        eventually(lambda device=device: is_dead(device))  # type: ignore[misc]
    assert person.login().profile()["id"] == person.id
    assert ada.profile()["id"] == ada.id


def test_logging_out_needs_a_login(api: Api) -> None:
    for path in ("/api/v1/auth/logout", "/api/v1/auth/logout-all"):
        assert api.call("POST", path, expect=401).problem == "unauthenticated"
