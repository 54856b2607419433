"""The mail to whoever has not read: after a while, once, without a word of what was written."""

from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage, Message

import pytest
from aiosmtpd.controller import Controller
from brokers import rows
from caching import free_port
from fake_profiles import fake_profiles
from people import Somebody
from readers import Readers
from waiting import wait_for

from chassis.messaging.errors import Permanent, Transient
from chat.consumers.mail import deliver
from chat.mailbox import KEPT, Mailbox
from chat.notifications.digest import ask_for_due
from chat.people.service import keep
from events.topology import MAIL

People = list[Somebody]
HOUR = 3_600_000


@pytest.fixture
def bob(people: People) -> Somebody:
    """Somebody with an address."""
    prefer(people[1])
    return people[1]


def prefer(person: Somebody, email: str = "bob@example.org", *, digest: bool = True) -> None:
    wishes = {"mentions": True, "direct": True, "digest": digest, "email": email}
    person.do("PUT", "/notifications/preferences", wishes)


def read_all(person: Somebody) -> None:
    newest = person.do("GET", "/notifications")["items"][0]["id"]
    person.do("POST", "/notifications/read", {"up_to": newest})


def text_of(mail: Message) -> str:
    text = mail.get_payload(decode=True)
    assert isinstance(text, bytes)
    return text.decode().replace("\r\n", "\n")


def test_it_comes_after_a_while_once_and_without_what_was_written(
    people: People, bob: Somebody, direct: str, readers: Readers, mailbox: Mailbox
) -> None:
    ada, _, cem = people
    ada.send(direct, "a", "my secret")
    ada.send(direct, "b", "another secret")
    cem.send(ada.group(bob, cem), "c", "@bob, a secret")
    readers.hear()
    readers.ask_for_due(HOUR)
    assert readers.events(MAIL) == []
    readers.ask_for_due()
    readers.ask_for_due()
    assert readers.hear(MAIL) == 1
    (mail,) = mailbox.mails
    assert (mail["To"], mail["Subject"]) == ("bob@example.org", "Unread messages for you: 3")
    text = text_of(mail)
    assert "- ada: 2\n" in text
    assert "- cem in “G”: 1\n" in text
    assert f"/#/c/{direct.removeprefix('/conversations/')}\n" in text
    assert "secret" not in text


def test_what_comes_after_one_is_in_the_next(
    people: People, bob: Somebody, direct: str, readers: Readers, mailbox: Mailbox
) -> None:
    for number in range(2):
        people[0].send(direct, f"{number}")
    readers.hear()
    readers.ask_for_due()
    people[0].send(direct, "later")
    readers.hear()
    readers.ask_for_due()
    readers.hear(MAIL)
    assert [one["Subject"][-1] for one in mailbox.mails] == ["1", "2"]


def test_nobody_is_mailed_of_what_they_have_read_or_who_does_not_want_it(
    people: People, bob: Somebody, direct: str, readers: Readers, mailbox: Mailbox
) -> None:
    ada, _, cem = people
    ada.send(direct, "a", "read before it is due")
    ada.send(ada.group(cem), "d", "@cem, who has no address")
    readers.hear()
    read_all(bob)
    readers.ask_for_due()
    assert readers.events(MAIL) == []
    ada.send(direct, "b", "read before it is sent")
    readers.hear()
    readers.ask_for_due()
    read_all(bob)
    ada.send(direct, "c", "not wanted any more")
    readers.hear()
    readers.ask_for_due()
    prefer(bob, digest=False)
    assert readers.hear(MAIL) == 2
    assert not mailbox.mails


def test_marked_and_asked_for_is_one_thing(
    people: People, bob: Somebody, direct: str, readers: Readers
) -> None:
    people[0].send(direct, "a")
    readers.hear()

    def fail() -> None:
        with readers.database.write() as work:
            ask_for_due(work, 0)
            assert work.announcements
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert readers.events(MAIL) == []
    assert rows(readers.url, "SELECT mailed_at FROM notifications") == [(None,)]


def test_two_that_ask_at_once_ask_for_one(
    people: People, bob: Somebody, direct: str, readers: Readers
) -> None:
    people[0].send(direct, "a")
    readers.hear()
    with ThreadPoolExecutor(1) as pool:
        with readers.database.write() as work:
            ask_for_due(work, 0)
            second = pool.submit(readers.ask_for_due)
            wait_for(lambda: rows(readers.url, "SELECT pid FROM pg_locks WHERE NOT granted"), 0.9)
        second.result()
    assert len(readers.events(MAIL)) == 1


def test_a_second_delivery_can_be_told_by_its_id(
    people: People, bob: Somebody, direct: str, readers: Readers, mailbox: Mailbox
) -> None:
    people[0].send(direct, "a")
    readers.hear()
    readers.ask_for_due()
    readers.hear(MAIL)
    readers.hear(MAIL)
    assert len(mailbox.mails) == 1, "the inbox knows the event"
    rows(readers.url, "DELETE FROM inbox")  # as if the commit had not come about
    readers.hear(MAIL)
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_no_name_gets_into_a_header_or_a_line_of_its_own(
    people: People, bob: Somebody, readers: Readers, mailbox: Mailbox
) -> None:
    ada = people[0]
    group = ada.group(bob)
    name = "Bcc: eve@example.org{}{0} %s <b>"
    ada.do("PATCH", group, {"name": name})
    with readers.database.write() as work:
        keep(work.connection, [fake_profiles().change(ada.id, display_name=name)])
    ada.send(group, "a", "@bob")
    readers.hear()
    readers.ask_for_due()
    assert readers.hear(MAIL) == 1
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None
    assert f"- {name} in “{name}”: 1\n" in text_of(mail)
    assert "&lt;b&gt;" in mailbox.page()
    assert "<b>" not in mailbox.page()


class Refusing:
    """A mail server that says this instead of taking a mail."""

    def __init__(self, step: str, said: str) -> None:
        async def refuse(*_: object) -> str:
            return said

        setattr(self, f"handle_{step}", refuse)


def a_mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "chat@chat.example", "bob@example.org"
    mail.set_content("x")
    return mail


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("said", "error"), [("451 later", Transient), ("550 nobody of this name", Permanent)]
)
def test_what_a_server_says_tells_whether_to_try_again(
    step: str, said: str, error: type[Exception]
) -> None:
    controller = Controller(Refusing(step, said), "127.0.0.1", free_port())
    controller.start()
    try:
        with pytest.raises(error, match=rf"^SMTP {said[:3]}$"):
            deliver(a_mail(), f"127.0.0.1:{controller.port}")
    finally:
        controller.stop()


def test_a_server_that_is_away_is_tried_again() -> None:
    with pytest.raises(Transient, match="ConnectionRefusedError"):
        deliver(a_mail(), f"127.0.0.1:{free_port()}")


def test_the_mailbox_keeps_the_last_mails_and_takes_no_large_ones(
    smtp: str, mailbox: Mailbox
) -> None:
    for number in range(KEPT + 1):
        mail = a_mail()
        mail["Subject"] = f"{number}"
        deliver(mail, smtp)
    assert [len(mailbox.mails), mailbox.mails[-1]["Subject"]] == [KEPT, "1"]
    mail.set_content("x\n" * 70_000)
    with pytest.raises(Permanent, match="SMTP 552"):
        deliver(mail, smtp)
