"""HTTP for sockets: tickets, and who is there."""

from flask import Blueprint, Response, jsonify

from chassis import services
from chassis.identity import Caller
from chassis.requests import IdsQuery, login_required, query
from realtime.service import PresenceService
from realtime.tickets import Tickets

realtime = Blueprint("realtime", __name__, url_prefix="/api/v1")


@realtime.post("/realtime/tickets")
@login_required
def issue_ticket(caller: Caller) -> tuple[Response, int]:
    """Give out a ticket for one handshake."""
    tickets = services.get(Tickets)
    return jsonify(ticket=tickets.issue(caller), expires_in=tickets.ttl), 201


@realtime.get("/presence")
@login_required
def read_presence(caller: Caller) -> Response:
    """Say who is connected."""
    return jsonify(items=services.get(PresenceService).of(caller, query(IdsQuery).ids))
