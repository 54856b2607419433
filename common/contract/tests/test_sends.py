"""Sending, editing, deleting, reacting: one message at a time, and the same again."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import pytest
from client import Json, Person, new_client_id

NO_MESSAGE = "019ab2c4-0000-7000-8000-000000000000"

EMOJI = [*"👍😂🎉😮😢🙏🔥✅👀💯🚀🤔👏😎🥳💡🐛☕🍕🌍⚡🎯"]
WHOLE_EMOJI = ["👩‍👩‍👧‍👦", "🇹🇷", "👋🏽", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "#️⃣", "🏳️‍🌈"]

TEXTS = {
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽",
    "right to left": "שלום \u202eעולם\u202c مرحبا",  # noqa: RUF001 - Hebrew
    "combining": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "not normalised": "e\u0301 é",
    "astral": "\U0001d4b3𐍈𠜎",
    "zero width": "a\u200bb\u200dc\ufeff",
    "line ends": "one\r\n\ttwo\nthree",
    "markup": "<script>alert('x')</script> &amp; \"quoted\" \\ `'; DROP TABLE messages; --",
    "spaces kept": "  indented, and trailing  ",
    "line separators": "a\u2028b\u2029c\u0085"[:-1],
    "noncharacter": "\ufffe\uffff",
}


@pytest.mark.short
def test_a_message_comes_back_as_it_was_sent(ada: Person, bob: Person, group_id: str) -> None:
    client_id = new_client_id()
    sent = ada.send(group_id, "Good evening", client_id=client_id)
    assert (sent["body"], sent["client_id"]) == ("Good evening", client_id)
    assert sent["sender_id"] == ada.id
    assert (sent["seq"], sent["rev"], sent["kind"]) == (2, 2, "text")
    assert (sent["reply_to"], sent["reactions"], sent["edited_at"]) == (None, [], None)
    assert bob.message(sent) == sent
    assert bob.history(group_id)[-1] == sent


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_any_text_survives(ada: Person, bob: Person, group_id: str, text: str) -> None:
    sent = ada.send(group_id, text)
    assert sent["body"] == text
    assert bob.message(sent)["body"] == text
    assert ada.edit(sent, text + "!").json["body"] == text + "!"


@pytest.mark.parametrize("character", ["x", "ü", "\U0001d4b3"])
def test_the_bound_of_a_body_counts_characters(ada: Person, group_id: str, character: str) -> None:
    assert ada.send(group_id, character * 4000)["body"] == character * 4000
    body = {"client_id": new_client_id(), "body": character * 4001}
    path = f"/conversations/{group_id}/messages"
    assert ada.call("POST", path, body=body, expect=422).fields == {"body"}


@pytest.mark.parametrize("client_id", ["x", "-", "_", "x" * 64, "5f2b-17_A"])
def test_client_ids_within_bounds(ada: Person, group_id: str, client_id: str) -> None:
    assert ada.send(group_id, client_id=client_id)["client_id"] == client_id


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"body": ""}, "body"),
        ({"body": " \n\t "}, "body"),
        ({"body": "\u2003\u00a0"}, "body"),
        ({"body": "nul\0"}, "body"),
        ({"body": "bell\a"}, "body"),
        ({"body": "delete\x7f"}, "body"),
        ({"body": "c1\x85"}, "body"),
        ({"body": None}, "body"),
        ({"body": 7}, "body"),
        ({"body": ["x"]}, "body"),
        ({"client_id": ""}, "client_id"),
        ({"client_id": "x" * 65}, "client_id"),
        ({"client_id": "with space"}, "client_id"),
        ({"client_id": "ä"}, "client_id"),
        ({"client_id": "x\n"}, "client_id"),
        ({"client_id": None}, "client_id"),
        ({"client_id": 1}, "client_id"),
        ({"reply_to": "nonsense"}, "reply_to"),
        ({"reply_to": NO_MESSAGE}, "reply_to"),
        ({"reply_to": 1}, "reply_to"),
        ({"kind": "notice"}, "kind"),
        ({"sender_id": NO_MESSAGE}, "sender_id"),
    ],
)
def test_a_message_out_of_bounds_is_refused(
    ada: Person, group_id: str, change: Json, field: str
) -> None:
    body = {"client_id": new_client_id(), "body": "Fine"} | change
    path = f"/conversations/{group_id}/messages"
    assert ada.call("POST", path, body=body, expect=422).fields == {field}
    assert ada.conversation(group_id)["last_seq"] == 1


# sending again


@pytest.mark.short
def test_sending_again_returns_the_same_message(ada: Person, group_id: str) -> None:
    client_id = new_client_id()
    first = ada.send(group_id, "Once", client_id=client_id)
    ada.send(group_id, "Something else")
    assert ada.send(group_id, "Once", client_id=client_id, expect=200) == first
    bodies = [message["body"] for message in ada.history(group_id)]
    assert bodies.count("Once") == 1


def test_sending_again_at_once_from_many_connections_makes_one_message(
    ada: Person, bob: Person, group_id: str
) -> None:
    client_id = new_client_id()
    path = f"/conversations/{group_id}/messages"
    body = {"client_id": client_id, "body": "Once"}

    def send(_: int) -> tuple[int, str]:
        answer = ada.call("POST", path, body=body, expect=(200, 201))
        return answer.status, answer.json["id"]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert len({message_id for _, message_id in answers}) == 1
    assert [one["seq"] for one in bob.history(group_id)] == [1, 2]


def test_the_same_client_id_with_something_else_is_a_conflict(ada: Person, group_id: str) -> None:
    client_id = new_client_id()
    first = ada.send(group_id, "Once", client_id=client_id)
    path = f"/conversations/{group_id}/messages"
    for change in ({"body": "Twice"}, {"body": "Once "}, {"reply_to": first["id"]}):
        body = {"client_id": client_id, "body": "Once"} | change
        assert ada.call("POST", path, body=body, expect=409).problem == "client-id-conflict"
    assert ada.conversation(group_id)["last_seq"] == first["seq"]


def test_a_client_id_is_per_conversation_and_sender(
    ada: Person, bob: Person, group_id: str
) -> None:
    client_id = new_client_id()
    other_group = ada.start_group(bob)["id"]
    sent = {
        ada.send(group_id, "a", client_id=client_id)["id"],
        bob.send(group_id, "b", client_id=client_id)["id"],
        ada.send(other_group, "c", client_id=client_id)["id"],
    }
    assert len(sent) == 3


def test_sending_again_after_an_edit_returns_the_present_state(ada: Person, group_id: str) -> None:
    client_id = new_client_id()
    sent = ada.send(group_id, "Once", client_id=client_id)
    edited = ada.edit(sent, "Edited").json
    assert ada.send(group_id, "Once", client_id=client_id, expect=200) == edited
    path = f"/conversations/{group_id}/messages"
    body = {"client_id": client_id, "body": "Edited"}
    assert ada.call("POST", path, body=body, expect=409).problem == "client-id-conflict"


def test_sending_again_after_a_deletion_returns_the_tombstone(ada: Person, group_id: str) -> None:
    client_id = new_client_id()
    sent = ada.send(group_id, "Once", client_id=client_id)
    tombstone = ada.delete(sent).json
    assert ada.send(group_id, "Once", client_id=client_id, expect=200) == tombstone
    assert ada.conversation(group_id)["last_seq"] == sent["seq"]


def test_sending_again_to_a_reply_is_the_same_reply(ada: Person, group_id: str) -> None:
    first = ada.send(group_id)
    client_id = new_client_id()
    reply = ada.send(group_id, "Re", client_id=client_id, reply_to=first["id"])
    again = ada.send(group_id, "Re", client_id=client_id, reply_to=first["id"], expect=200)
    assert again == reply
    path = f"/conversations/{group_id}/messages"
    body = {"client_id": client_id, "body": "Re", "reply_to": None}
    assert ada.call("POST", path, body=body, expect=409).problem == "client-id-conflict"


# replies


def test_a_reply_names_its_message_and_outlives_it(ada: Person, bob: Person, group_id: str) -> None:
    first = ada.send(group_id, "Question")
    reply = bob.send(group_id, "Answer", reply_to=first["id"])
    assert reply["reply_to"] == first["id"]
    ada.delete(first)
    assert ada.message(reply)["reply_to"] == first["id"]
    assert bob.delete(reply).json["reply_to"] == first["id"]


def test_a_reply_stays_in_its_conversation(ada: Person, bob: Person, group_id: str) -> None:
    elsewhere = ada.send(ada.start_group(bob)["id"])
    body = {"client_id": new_client_id(), "body": "Re", "reply_to": elsewhere["id"]}
    path = f"/conversations/{group_id}/messages"
    assert ada.call("POST", path, body=body, expect=422).fields == {"reply_to"}


# editing and deleting


@pytest.mark.short
def test_an_edit_keeps_the_place_and_raises_the_rev(
    ada: Person, bob: Person, group_id: str
) -> None:
    sent = ada.send(group_id, "First")
    later = bob.send(group_id, "Second")
    edited = ada.edit(sent, "First, edited").json
    assert (edited["id"], edited["seq"]) == (sent["id"], sent["seq"])
    assert edited["rev"] == later["rev"] + 1
    assert edited["edited_at"] is not None
    assert edited["created_at"] == sent["created_at"]
    assert bob.message(sent) == edited
    assert bob.conversation(group_id)["rev"] == edited["rev"]


def test_only_its_sender_edits_a_message(ada: Person, bob: Person, group_id: str) -> None:
    sent = bob.send(group_id)
    assert ada.edit(sent, "As owner", expect=403).problem == "forbidden"
    notice = ada.history(group_id)[0]
    assert ada.edit(notice, "A notice", expect=403).problem == "forbidden"
    assert bob.message(sent) == sent


@pytest.mark.parametrize("body", ["", "  ", "x" * 4001, "nul\0", None, 7])
def test_an_edit_out_of_bounds_is_refused(ada: Person, group_id: str, body: object) -> None:
    sent = ada.send(group_id)
    path = f"/conversations/{group_id}/messages/{sent['id']}"
    assert ada.call("PATCH", path, body={"body": body}, expect=422).fields == {"body"}
    assert ada.message(sent) == sent


@pytest.mark.short
def test_a_deletion_leaves_a_tombstone(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id, "Secret")
    bob.react(sent, "👍")
    tombstone = ada.delete(sent).json
    assert (tombstone["body"], tombstone["reactions"]) == (None, [])
    assert tombstone["deleted_at"] is not None
    assert (tombstone["seq"], tombstone["rev"]) == (sent["seq"], sent["rev"] + 2)
    assert ada.delete(sent).json == tombstone, "again: the same"
    assert bob.message(sent) == tombstone
    assert bob.history(group_id)[-1] == tombstone
    assert "Secret" not in str(bob.page_of_changes(group_id, 0))


def test_a_tombstone_does_not_change(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id)
    tombstone = ada.delete(sent).json
    assert ada.edit(sent, "Back", expect=409).problem == "message-deleted"
    assert bob.react(sent, "👍", expect=409).problem == "message-deleted"
    assert ada.message(sent) == tombstone


def test_notices_stay(ada: Person, group_id: str) -> None:
    notice = ada.history(group_id)[0]
    for answer in (ada.delete(notice, expect=403), ada.react(notice, "👍", expect=403)):
        assert answer.problem == "forbidden"


def test_in_a_direct_conversation_everybody_deletes_his_own(ada: Person, bob: Person) -> None:
    direct = ada.start_direct(bob)["id"]
    sent = ada.send(direct)
    assert bob.delete(sent, expect=403).problem == "forbidden"
    assert ada.delete(sent).json["deleted_at"] is not None


@pytest.mark.parametrize("message_id", [NO_MESSAGE, str(uuid4()), "nonsense", "0", "%00"])
def test_a_message_that_is_not_there(ada: Person, group_id: str, message_id: str) -> None:
    path = f"/conversations/{group_id}/messages/{message_id}"
    for method, body in (("GET", None), ("PATCH", {"body": "x"}), ("DELETE", None)):
        assert ada.call(method, path, body=body, expect=404).problem == "not-found"
    assert ada.call("PUT", f"{path}/reactions/%F0%9F%91%8D", expect=404).problem == "not-found"


def test_a_message_is_not_found_through_another_conversation(
    ada: Person, bob: Person, group_id: str
) -> None:
    sent = ada.send(group_id)
    other_group = ada.start_group(bob)["id"]
    path = f"/conversations/{other_group}/messages/{sent['id']}"
    assert ada.call("GET", path, expect=404).problem == "not-found"


# reactions


@pytest.mark.short
def test_reactions_keep_the_order_of_first_use(
    ada: Person, bob: Person, cem: Person, group_id: str
) -> None:
    sent = ada.send(group_id)
    for person, emoji in ((bob, "🎉"), (ada, "👍"), (cem, "🎉"), (ada, "🎉"), (bob, "👍")):
        person.react(sent, emoji)
    assert ada.message(sent)["reactions"] == [
        {"emoji": "🎉", "user_ids": [bob.id, cem.id, ada.id]},
        {"emoji": "👍", "user_ids": [ada.id, bob.id]},
    ]
    cem.unreact(sent, "🎉")
    assert cem.message(sent)["reactions"][0]["user_ids"] == [bob.id, ada.id]


def test_reacting_again_changes_nothing(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id)
    reacted = bob.react(sent, "👍").json
    assert reacted["rev"] == sent["rev"] + 1
    assert bob.react(sent, "👍").json == reacted
    taken_back = bob.unreact(sent, "👍").json
    assert (taken_back["rev"], taken_back["reactions"]) == (reacted["rev"] + 1, [])
    assert bob.unreact(sent, "👍").json == taken_back
    assert ada.unreact(sent, "👍").json == taken_back


def test_one_takes_back_only_ones_own_reaction(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id)
    reacted = bob.react(sent, "👍").json
    assert ada.unreact(sent, "👍").json == reacted


@pytest.mark.parametrize("emoji", WHOLE_EMOJI)
def test_a_sequence_is_one_emoji(ada: Person, group_id: str, emoji: str) -> None:
    sent = ada.send(group_id)
    assert ada.react(sent, emoji).json["reactions"] == [{"emoji": emoji, "user_ids": [ada.id]}]
    assert ada.unreact(sent, emoji).json["reactions"] == []


@pytest.mark.parametrize("text", ["x", "👍👍", "👍x", "1", " ", "<b>", "é", "👍 ", "x" * 1000])
def test_what_is_not_one_emoji_is_refused(ada: Person, group_id: str, text: str) -> None:
    sent = ada.send(group_id)
    assert ada.react(sent, text, expect=422).fields == {"emoji"}


def test_a_message_carries_twenty_different_emoji(ada: Person, bob: Person, group_id: str) -> None:
    sent = ada.send(group_id)
    for emoji in EMOJI[:20]:
        ada.react(sent, emoji)
    assert bob.react(sent, EMOJI[20], expect=409).problem == "too-many-reactions"
    assert len(bob.react(sent, EMOJI[0]).json["reactions"]) == 20, "joining one is still possible"
    ada.unreact(sent, EMOJI[1])
    assert len(bob.react(sent, EMOJI[20]).json["reactions"]) == 20


def test_ids_sort_by_time(ada: Person, group_id: str) -> None:
    ids = [UUID(ada.send(group_id)["id"]).int >> 80 for _ in range(3)]
    assert ids == sorted(ids)
