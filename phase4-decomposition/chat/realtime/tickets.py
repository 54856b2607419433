"""One-time tickets for the WebSocket handshake.

A browser cannot send a header with the handshake, and a query string ends up in logs: so what
stands there is worth nothing a moment later.
"""

from sqlalchemy import Connection, delete, insert

from chassis.clock import now_ms
from chassis.database import Database
from chassis.identity import Caller
from chassis.tokens import hash_token, new_token
from chat.realtime.models import Ticket


class Tickets:
    """Gives out and redeems tickets that live for `ttl` seconds."""

    def __init__(self, database: Database, ttl: int) -> None:
        self._database = database
        self.ttl = ttl

    def issue(self, caller: Caller) -> str:
        """Return a new ticket, and forget those that have expired."""
        ticket, now = new_token(), now_ms()
        with self._database.write() as work:
            work.connection.execute(delete(Ticket).where(Ticket.expires_at <= now))
            work.connection.execute(
                insert(Ticket).values(
                    ticket_hash=hash_token(ticket),
                    login_id=caller.login_id,
                    user_id=caller.user_id,
                    expires_at=now + self.ttl * 1000,
                )
            )
        return ticket

    def redeem(self, ticket: str) -> Caller | None:
        """Return whose ticket this is and use it up; None if it is not valid."""
        with self._database.write() as work:
            row = work.connection.execute(
                delete(Ticket)
                .where(Ticket.ticket_hash == hash_token(ticket))
                .returning(Ticket.user_id, Ticket.login_id, Ticket.expires_at)
            ).first()
        if row is None or row.expires_at <= now_ms():
            return None
        return Caller(user_id=row.user_id, login_id=row.login_id)


def forget_all(connection: Connection, user_id: str) -> None:
    """Delete the tickets of somebody who will not come."""
    connection.execute(delete(Ticket).where(Ticket.user_id == user_id))
