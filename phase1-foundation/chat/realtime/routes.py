"""HTTP for sockets: tickets, and who is there."""

from typing import cast

from flask import Blueprint, Response, current_app, jsonify

from chassis.identity import caller
from chassis.requests import IdsQuery, query
from chat.realtime.service import PresenceService
from chat.realtime.tickets import Tickets

realtime = Blueprint("realtime", __name__, url_prefix="/api/v1")


@realtime.post("/realtime/tickets")
def issue_ticket() -> tuple[Response, int]:
    """Give out a ticket for one handshake."""
    tickets = cast(Tickets, current_app.extensions["tickets"])
    return jsonify(ticket=tickets.issue(caller()), expires_in=tickets.ttl), 201


@realtime.get("/presence")
def read_presence() -> Response:
    """Say who is connected."""
    presence = cast(PresenceService, current_app.extensions["presence"])
    who = caller()
    return jsonify(items=presence.of(who, query(IdsQuery).ids))
