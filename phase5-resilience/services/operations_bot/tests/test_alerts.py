"""Alerts become messages: once each, by an account of the bot's own, in a conversation."""

from typing import Any

import pytest
from conftest import Start
from flask.testing import FlaskClient
from playing import TOKEN, Chat, Group, alert, notify


def the_group(chat: Chat) -> Group:
    (group,) = chat.groups.values()
    return group


def said(chat: Chat) -> list[str]:
    return list(the_group(chat).sent.values())


def test_an_alert_is_a_message_that_says_what_to_do(bot: FlaskClient, chat: Chat) -> None:
    assert notify(bot, alert()).status_code == 204
    (body,) = said(chat)
    assert body.splitlines() == [
        "🔴 ServiceDown (page, since 20:31:05 UTC): profiles does not answer.",
        "What to do: monitoring/runbooks/ServiceDown.md",
    ]
    assert the_group(chat).name == "operations"


def test_its_end_is_another_message(bot: FlaskClient, chat: Chat) -> None:
    notify(bot, alert())
    notify(bot, alert(status="resolved"))
    assert [one[0] for one in said(chat)] == ["🔴", "🟢"]


def test_what_is_said_again_is_posted_once(start: Start, chat: Chat) -> None:
    for _ in range(2):
        notify(start(), alert(), alert("OutboxOld"))
    assert len(said(chat)) == 2
    again = alert(annotations={"summary": "in other words"})
    assert notify(start(), again).status_code == 204
    assert len(said(chat)) == 2
    notify(start(), alert(startsAt="2026-11-28T21:00:00Z"))
    assert len(said(chat)) == 3


def test_nobody_is_registered_before_there_is_something_to_say(
    bot: FlaskClient, chat: Chat
) -> None:
    assert bot.get("/readyz").status_code == 200
    assert chat.passwords == {}
    notify(bot, alert())
    (name,) = chat.passwords
    assert name.startswith("operations-")


def test_after_a_restart_it_finds_its_conversation_again(start: Start, chat: Chat) -> None:
    notify(start(), alert())
    chat.groups["other"] = Group("operations", "mallory", {*the_group(chat).members})
    notify(start(), alert("OutboxOld"))
    assert [len(one.sent) for one in chat.groups.values()] == [2, 0]


def test_another_password_is_another_account(start: Start, chat: Chat) -> None:
    notify(start(), alert())
    assert notify(start(password="another one, newer"), alert()).status_code == 204
    assert len(chat.passwords) == len(chat.groups) == 2


def test_a_token_that_has_run_out_is_replaced(bot: FlaskClient, chat: Chat) -> None:
    notify(bot, alert())
    chat.generation += 1
    assert notify(bot, alert("OutboxOld")).status_code == 204
    assert len(said(chat)) == 2


def test_in_a_system_that_was_emptied_it_begins_anew(bot: FlaskClient, chat: Chat) -> None:
    notify(bot, alert())
    chat.passwords.clear()
    chat.groups.clear()
    assert notify(bot, alert()).status_code == 503, "the conversation that it knew is gone"
    assert notify(bot, alert()).status_code == 204
    assert len(said(chat)) == 1


def test_operators_are_in_it_as_soon_as_they_have_an_account(start: Start, chat: Chat) -> None:
    bot = start("ada, bob")
    chat.passwords |= {"ada": "", "ada2": ""}
    notify(bot, alert())
    assert the_group(chat).members >= {"id-ada"}
    assert "id-ada2" not in the_group(chat).members
    chat.passwords |= {"bob": ""}
    notify(bot, alert("OutboxOld"))
    assert the_group(chat).members >= {"id-ada", "id-bob"}


@pytest.mark.parametrize("path", ["/profiles/search", "/conversations/0/members"])
def test_it_speaks_although_nobody_can_be_invited(start: Start, chat: Chat, path: str) -> None:
    chat.passwords["ada"] = ""
    chat.refuses[path] = 503
    assert notify(start("ada"), alert()).status_code == 204
    assert len(said(chat)) == 1


def test_what_could_not_be_posted_is_sent_again(bot: FlaskClient, chat: Chat) -> None:
    chat.away = True
    assert notify(bot, alert()).status_code == 503
    chat.away = False
    chat.refuses["/conversations/0/messages"] = 500
    assert notify(bot, alert()).status_code == 503
    chat.refuses.clear()
    assert notify(bot, alert()).status_code == 204
    assert len(said(chat)) == 1


@pytest.mark.parametrize("token", ["", "of somebody else", TOKEN[:-1], f"{TOKEN}x"])
def test_nobody_else_speaks_in_its_name(bot: FlaskClient, chat: Chat, token: str) -> None:
    assert notify(bot, alert(), token=token).status_code == 401
    assert chat.passwords == {}


@pytest.mark.parametrize(
    "changes",
    [{"status": "maybe"}, {"startsAt": "soon"}, {"labels": {"a": 1}}, {"fingerprint": ""}],
)
def test_what_is_no_alert_is_refused(bot: FlaskClient, changes: dict[str, Any]) -> None:
    assert notify(bot, alert(**changes)).status_code == 422


def test_a_message_is_never_longer_than_the_chat_takes(bot: FlaskClient, chat: Chat) -> None:
    notify(bot, *(alert(f"A{one}", annotations={"summary": "x" * 5000}) for one in range(100)))
    assert {len(one) for one in said(chat)} == {2000}
    assert notify(bot, *(alert() for _ in range(101))).status_code == 422


def test_what_it_counts_is_for_those_who_run_it(bot: FlaskClient) -> None:
    notify(bot, alert())
    told = bot.get("/metrics", base_url="http://localhost:9000").text
    assert 'chat_build_info{service="operations-bot"} 1.0' in told
    assert "chat_" not in bot.get("/metrics").text
