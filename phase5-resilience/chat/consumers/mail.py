"""`python -m chat.consumers.mail`: writes digests and hands them to a mail server.

A process of its own: a server that is slow holds up mails, and nothing else. It may die when the
server has a mail and the inbox does not: the second one has the Message-ID of the first.
"""

import smtplib
import sys
from datetime import datetime
from email.message import EmailMessage

from sqlalchemy import Connection

from chassis.database import Database
from chassis.messaging.cloudevents import CloudEvent
from chassis.messaging.consumer import Consumer
from chassis.messaging.errors import Permanent, Transient
from chassis.messaging.process import until_stopped
from chassis.work import Work
from chat.catalogue import schemas
from chat.conversations.membership import names_of
from chat.notifications.digest import Waiting, still_waiting
from chat.people.service import display_names
from chat.settings import MailSettings
from events.topology import MAIL, TOPOLOGY

TIMEOUT = 5.0
"""Seconds, for each step of the conversation with the server."""
NAMED = 3
"""Senders in one line."""
TEXT = """You have not read yet what is meant for you, by

{}
Your profile in the chat says whether you get such mail, and where.
"""


class Mailer:
    """Sends what events ask for."""

    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings

    def send(self, work: Work, event: CloudEvent) -> None:
        """Mail one digest; nothing if all of it has been read, or nobody wants it any more.

        Errors: `Transient` and `Permanent`, as the server says.
        """
        asked = event["data"]
        address, waiting = still_waiting(work.connection, asked["user_id"], asked["mailed_at"])
        if address and waiting:
            mail = EmailMessage()
            mail["Message-ID"] = f"<{event['id']}@{self._settings.mail_from.partition('@')[2]}>"
            mail["Date"] = datetime.fromisoformat(event["time"])
            mail["From"], mail["To"] = self._settings.mail_from, address
            mail["Subject"] = f"Unread messages for you: {sum(one.messages for one in waiting)}"
            mail.set_content(self._text(work.connection, waiting))
            deliver(mail, self._settings.smtp)

    def _text(self, connection: Connection, waiting: list[Waiting]) -> str:
        """Return who wrote where, and how often; what they wrote stays here."""
        rooms = names_of(connection, [one.conversation_id for one in waiting])
        people = display_names(connection, {id_ for one in waiting for id_ in one.sender_ids})
        lines = []
        for one in waiting:
            senders = ", ".join(people.get(id_, "somebody") for id_ in one.sender_ids[:NAMED])
            more = ", …" if len(one.sender_ids) > NAMED else ""
            room = f" in “{name}”" if (name := rooms.get(one.conversation_id)) else ""
            link = f"{self._settings.site_url}/#/c/{one.conversation_id}"
            lines.append(f"- {senders}{more}{room}: {one.messages}\n  {link}\n")
        return TEXT.format("\n".join(lines))


def deliver(mail: EmailMessage, server: str) -> None:
    """Hand a mail to a server, `host:port`. Errors: `Transient`, `Permanent`."""
    try:
        with smtplib.SMTP(server, timeout=TIMEOUT) as smtp:
            smtp.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        (said,) = error.recipients.values()
        raise _refused(said[0]) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code) from None
    except OSError as error:  # smtplib's own are of this kind, too
        raise Transient(f"no SMTP server: {type(error).__name__}") from None


def _refused(code: int) -> Transient | Permanent:
    return (Permanent if code >= 500 else Transient)(f"SMTP {code}")


def main() -> int:
    """Consume until stopped; return the exit code."""
    settings = MailSettings(database_connections=1)
    consumer = Consumer(
        MAIL,
        Mailer(settings).send,
        database=Database(settings),
        broker=settings.parameters(MAIL),
        topology=TOPOLOGY.without(settings.subscribers_off),
        schemas=schemas(),
    )
    return until_stopped(MAIL, settings, consumer.run)


if __name__ == "__main__":
    sys.exit(main())
