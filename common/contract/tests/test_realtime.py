"""Sockets: the handshake, every event to every member, and how a socket ends."""

from collections.abc import Callable
from typing import Any

import pytest
import websocket
from client import Aging, Answer, Api, Json, Person, Socket, eventually
from client.socket import handshake_url

Open = Callable[[Person], Socket]
Newcomer = Callable[[], Person]

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def refused(api: Api, ticket: str | None, status: int, transport: str = "websocket") -> Answer:
    """Shake hands, and be refused with this status."""
    path = handshake_url("", ticket, transport)
    return api.call("GET", path, headers=UPGRADE, expect=status)


# the handshake


@pytest.mark.parametrize("ticket", [None, "", "nonsense", "x" * 2000, "%00", "a&ticket=b"])
def test_without_a_good_ticket_there_is_no_socket(api: Api, ticket: str | None) -> None:
    assert refused(api, ticket, 401).problem == "invalid-ticket"


def test_an_access_token_is_no_ticket(ada: Person) -> None:
    assert refused(ada.api, ada.tokens["access_token"], 401).problem == "invalid-ticket"


@pytest.mark.parametrize("transport", ["polling", "", "webtransport"])
def test_only_websocket_is_served(ada: Person, transport: str) -> None:
    assert refused(ada.api, ada.ticket(), 400, transport).problem == "bad-request"


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "nonsense", "http://[", ""]
)
def test_a_page_of_another_site_opens_no_socket_and_spends_no_ticket(
    ada: Person, origin: str
) -> None:
    ticket = ada.ticket()
    headers = UPGRADE | {"Origin": origin}
    answer = ada.api.call("GET", handshake_url("", ticket), headers=headers, expect=403)
    assert answer.problem == "origin-refused"
    Socket(ada.api.url, ticket).close()


def test_our_own_page_opens_a_socket(ada: Person) -> None:
    address = f"{ada.api.url.replace('http', 'ws', 1)}{handshake_url('', ada.ticket())}"
    connection = websocket.create_connection(address, origin=ada.api.url, timeout=5)
    assert str(connection.recv()).startswith("0{"), "the first packet of Engine.IO"
    connection.close()


def test_a_ticket_opens_one_socket(ada: Person) -> None:
    ticket = ada.ticket()
    socket = Socket(ada.api.url, ticket)
    try:
        assert refused(ada.api, ticket, 401).problem == "invalid-ticket"
    finally:
        socket.close()
    refused(ada.api, ticket, 401)


def test_a_ticket_dies_with_its_login(ada: Person) -> None:
    device = ada.login()
    ticket = device.ticket()
    device.logout()

    # A refusal does not use a ticket up, an admission would: so ask once, after the bound.
    eventually(lambda: device.call("GET", "/profiles/me", expect=401))
    eventually(lambda: refused(ada.api, ticket, 401))


def test_a_ticket_lives_for_half_a_minute(aging: Aging) -> None:
    aging.wait()
    assert refused(aging.refreshed.api, aging.ticket, 401).problem == "invalid-ticket"


# every change yields its event, to every socket of every member


@pytest.fixture
def tabs(ada: Person, bob: Person, cem: Person, group_id: str, open_socket: Open) -> list[Socket]:
    """Two tabs of Ada's, one each of Bob's and Cem's; all of them in `group`."""
    return [open_socket(person) for person in (ada, ada, bob, cem)]


def arrived(tabs: list[Socket], kind: str, group_id: str, **data: Any) -> list[Json]:
    """Return the event as each tab got it, and check that it is the same for all."""
    events = [tab.wait_for(kind, conversation_id=group_id, **data) for tab in tabs]
    assert len({str(event["data"]) for event in events}) == 1
    assert len({event["rev"] for event in events}) == 1
    return events


@pytest.mark.short
def test_a_new_message(ada: Person, group_id: str, tabs: list[Socket]) -> None:
    path = f"/conversations/{group_id}/messages"
    answer = ada.call("POST", path, body={"client_id": "x", "body": "Hello"}, expect=201)
    for event in arrived(tabs, "message.created", group_id):
        assert event["data"]["message"] == answer.json
        assert event["rev"] == answer.json["rev"]
        assert event["request_id"] == answer.headers["X-Request-ID"]


def test_an_edit_and_a_deletion(bob: Person, group_id: str, tabs: list[Socket]) -> None:
    sent = bob.send(group_id)
    edited = bob.edit(sent, "Edited").json
    for event in arrived(tabs, "message.edited", group_id):
        assert (event["data"]["message"], event["rev"]) == (edited, edited["rev"])
    tombstone = bob.delete(sent).json
    for event in arrived(tabs, "message.deleted", group_id):
        assert (event["data"]["message"], event["rev"]) == (tombstone, tombstone["rev"])


def test_reactions(ada: Person, cem: Person, group_id: str, tabs: list[Socket]) -> None:
    sent = ada.send(group_id)
    data = {"message_id": sent["id"], "seq": sent["seq"], "emoji": "🎉", "user_id": cem.id}
    for act, kind in ((cem.react, "reaction.added"), (cem.unreact, "reaction.removed")):
        changed = act(sent, "🎉").json
        for event in arrived(tabs, kind, group_id):
            assert (event["data"], event["rev"]) == (data, changed["rev"])


def test_a_new_name(ada: Person, group_id: str, tabs: list[Socket]) -> None:
    rev = ada.rename(group_id, "Boiler room").json["rev"]
    for event in arrived(tabs, "conversation.renamed", group_id, name="Boiler room"):
        assert event["rev"] == rev
    arrived(tabs, "message.created", group_id, rev=rev)


def test_a_new_role(ada: Person, bob: Person, group_id: str, tabs: list[Socket]) -> None:
    ada.set_role(group_id, bob, "admin")
    rev = ada.conversation(group_id)["rev"]
    for event in arrived(tabs, "conversation.role_changed", group_id, user_id=bob.id):
        assert (event["data"]["role"], event["rev"]) == ("admin", rev)
    arrived(tabs, "message.created", group_id, rev=rev)


def test_read_markers(bob: Person, group_id: str, tabs: list[Socket]) -> None:
    bob.mark_read(group_id, 1)
    for event in arrived(tabs, "read", group_id):
        assert event["data"] == {"user_id": bob.id, "read_seq": 1}


def test_new_members_join_the_audience(
    ada: Person, dora: Person, group_id: str, tabs: list[Socket], open_socket: Open
) -> None:
    newcomer = open_socket(dora)
    ada.add(group_id, dora)
    rev = ada.conversation(group_id)["rev"]
    for event in arrived(tabs, "conversation.members_added", group_id):
        assert (event["data"], event["rev"]) == ({"user_ids": [dora.id]}, rev)
    created = newcomer.wait_for("conversation.created", conversation_id=group_id)
    assert created["data"] == {"kind": "group", "name": "Engine room", "created_by": ada.id}
    assert created["rev"] == rev

    def reached() -> None:
        sent = ada.send(group_id)
        newcomer.wait_for("message.created", 0.3, message=lambda one: one["id"] == sent["id"])

    eventually(reached)


def test_who_is_removed_hears_of_it_and_then_no_more(
    ada: Person, cem: Person, group_id: str, tabs: list[Socket]
) -> None:
    ada.remove(group_id, cem)
    rev = ada.conversation(group_id)["rev"]
    for event in arrived(tabs, "conversation.member_removed", group_id):
        assert (event["data"], event["rev"]) == ({"user_id": cem.id}, rev)
    removed = tabs[3]

    def out() -> None:
        sent = ada.send(group_id)
        tabs[2].wait_for_message("message.created", sent["id"])
        barrier(ada, cem, removed)
        assert not removed.seen("message.created", rev=sent["rev"], conversation_id=group_id)

    eventually(out)


def test_who_leaves_hears_of_it_too(cem: Person, group_id: str, tabs: list[Socket]) -> None:
    cem.leave(group_id)
    arrived(tabs, "conversation.member_removed", group_id, user_id=cem.id)


def test_new_conversations(ada: Person, bob: Person, newcomer: Newcomer, open_socket: Open) -> None:
    other = newcomer()
    sockets = [open_socket(ada), open_socket(other)]
    direct = ada.start_direct(other)["id"]
    for event in arrived(sockets, "conversation.created", direct):
        assert event["data"] == {"kind": "direct", "name": None, "created_by": ada.id}
        assert event["rev"] is None
    group = other.start_group(ada, name="New")
    for event in arrived(sockets, "conversation.created", group["id"]):
        assert event["data"] == {"kind": "group", "name": "New", "created_by": other.id}
        assert event["rev"] == 1
    arrived(sockets, "message.created", group["id"], rev=1)


def barrier(sender: Person, reader: Person, socket: Socket) -> None:
    """Wait until a later event has reached this socket, so that earlier ones had their chance."""
    sent = sender.send(sender.start_direct(reader)["id"])
    socket.wait_for_message("message.created", sent["id"])


def test_strangers_hear_nothing(
    ada: Person, bob: Person, dora: Person, group_id: str, open_socket: Open
) -> None:
    stranger, member = open_socket(dora), open_socket(bob)
    sent = ada.send(group_id)
    bob.react(sent, "👍")
    bob.mark_read(group_id, sent["seq"])
    ada.rename(group_id, "Nobody's business")
    member.wait_for("conversation.renamed", conversation_id=group_id)
    barrier(ada, dora, stranger)
    assert not [event for event in stranger.events if event["conversation_id"] == group_id]


def test_a_refused_change_yields_no_event(
    ada: Person, bob: Person, group_id: str, open_socket: Open
) -> None:
    sent = ada.send(group_id)
    socket = open_socket(bob)
    bob.edit(sent, "Not mine", expect=403)
    ada.edit(sent, "", expect=422)
    ada.call("POST", f"/conversations/{group_id}/messages",
             body={"client_id": sent["client_id"], "body": "Else"}, expect=409)  # fmt: skip
    barrier(ada, bob, socket)
    assert not [event for event in socket.events if event["conversation_id"] == group_id]


def test_events_lead_to_the_same_state_as_asking(
    ada: Person, bob: Person, group_id: str, open_socket: Open
) -> None:
    socket = open_socket(bob)
    messages = [ada.send(group_id, f"Message {number}") for number in range(10)]
    ada.edit(messages[3], "Edited")
    ada.delete(messages[4])
    last = ada.send(group_id, "Last")
    socket.wait_for_message("message.created", last["id"])
    socket.wait_for_message("message.deleted", messages[4]["id"])
    socket.wait_for_message("message.edited", messages[3]["id"])
    known: dict[int, Json] = {}
    for event in socket.events:
        message = event["data"].get("message")
        if message and message["conversation_id"] == group_id:
            before = known.get(message["seq"])
            if before is None or before["rev"] < message["rev"]:
                known[message["seq"]] = message
    assert [known[seq] for seq in sorted(known)] == bob.history(group_id)[1:]


# typing


def test_typing_reaches_the_others(bob: Person, group_id: str, tabs: list[Socket]) -> None:
    tabs[2].say_typing(group_id)
    for tab in (tabs[0], tabs[1], tabs[3]):
        event = tab.wait_for("typing", conversation_id=group_id)
        assert event["data"] == {"user_id": bob.id}


def test_typing_is_told_once_a_second(
    ada: Person, bob: Person, group_id: str, tabs: list[Socket]
) -> None:
    for _ in range(5):
        tabs[2].say_typing(group_id)
    tabs[0].wait_for("typing", conversation_id=group_id)
    barrier(bob, ada, tabs[0])
    assert len({event["id"] for event in tabs[0].seen("typing", conversation_id=group_id)}) == 1


def test_nonsense_from_a_client_is_ignored(
    ada: Person, dora: Person, group_id: str, tabs: list[Socket], open_socket: Open
) -> None:
    stranger = open_socket(dora)
    stranger.say_typing(group_id)
    nonsense: list[Any] = [None, 7, "", "nonsense", ["x"], {}, "x" * 1000, "\0", group_id.upper()]
    for conversation_id in nonsense:
        stranger.say_typing(conversation_id)
    stranger.emit("typing")
    stranger.emit("typing", "text", "more")
    stranger.emit("message.created", {"id": group_id})
    stranger.emit("nonsense", None)
    barrier(ada, dora, stranger)
    assert stranger.is_open
    assert not tabs[0].seen("typing", conversation_id=group_id)
    assert not tabs[0].seen("message.created", conversation_id=group_id)


# the end


@pytest.mark.parametrize("how", ["logout", "logout-all", "reuse of an old refresh token"])
def test_a_socket_closes_when_its_login_ends(
    newcomer: Newcomer, open_socket: Open, how: str
) -> None:
    device = newcomer()
    other = device.login()
    socket, other_socket = open_socket(device), open_socket(other)
    if how == "logout":
        device.logout()
    elif how == "logout-all":
        other.logout_all()
    else:
        oldest = device.tokens["refresh_token"]
        for _ in range(2):
            device.tokens = device.refresh().json
        device.refresh(oldest, expect=401)
    socket.wait_closed()
    closing = socket.seen("connection.closing")
    assert closing, "the system did not say why it closes"
    assert closing[0]["data"]["reason"] == "login-ended"
    assert closing[0]["data"]["reconnect"] is False
    if how == "logout-all":
        other_socket.wait_closed()
    else:
        assert other_socket.is_open


def test_an_expired_token_closes_nothing(
    ada: Person, bob: Person, group_id: str, open_socket: Open
) -> None:
    brief = bob.login(access_ttl=1)
    socket = open_socket(brief)

    def expired() -> None:
        assert brief.call("GET", "/profiles/me", expect=(200, 401)).status == 401

    eventually(expired, within=3)
    sent = ada.send(group_id)
    socket.wait_for_message("message.created", sent["id"])
    assert socket.is_open


@pytest.mark.short
def test_what_was_missed_while_away_is_caught_up(
    ada: Person, bob: Person, group_id: str, open_socket: Open
) -> None:
    first = open_socket(bob)
    known = ada.send(group_id)
    rev = first.wait_for_message("message.created", known["id"])["rev"]
    first.close()
    ada.edit(known, "Edited while away")
    missed = ada.send(group_id, "Missed")
    again = open_socket(bob)
    page = bob.page_of_changes(group_id, rev)
    assert [one["id"] for one in page["items"]] == [known["id"], missed["id"]]
    live = ada.send(group_id, "Live again")
    again.wait_for_message("message.created", live["id"])
