"""Dead letters: for admins alone. What makes one, no client can."""

from uuid import uuid4

import pytest
from client import Api, Person

pytestmark = pytest.mark.capability("dead-letters")

PATH = "/dead-letters"


def test_members_see_and_do_nothing(ada: Person) -> None:
    letter = f"{PATH}/{uuid4()}"
    for method, path in (("GET", PATH), ("POST", f"{letter}/replay"), ("DELETE", letter)):
        assert ada.call(method, path, expect=403).problem == "forbidden"


def test_without_a_login_nothing_is_told(api: Api) -> None:
    letter = f"/api/v1{PATH}/{uuid4()}"
    for method, path in (("GET", f"/api/v1{PATH}"), ("POST", f"{letter}/replay")):
        assert api.call(method, path, expect=401).problem == "unauthenticated"


@pytest.mark.short
def test_an_admin_sees_what_there_is(admin: Person) -> None:
    found = admin.call("GET", PATH).json["items"]
    assert len({one["id"] for one in found}) == len(found) <= 1000


def test_what_is_not_there_is_neither_replayed_nor_dropped(admin: Person) -> None:
    letter = f"{PATH}/{uuid4()}"
    assert admin.call("POST", f"{letter}/replay", expect=404).problem == "not-found"
    assert admin.call("DELETE", letter, expect=404).problem == "not-found"
