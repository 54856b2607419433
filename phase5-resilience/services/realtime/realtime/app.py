"""Putting the realtime service together: the one place that knows every part."""

import threading

import structlog
from flask import Flask

from chassis import problems
from chassis.buckets import Quotas
from chassis.calls import Pool
from chassis.descriptors import make_room
from chassis.errors import NotReady
from chassis.health import Health, probes
from chassis.identity import Identities
from chassis.json import FastJSONProvider
from chassis.limits import BODY_MAX
from chassis.listeners import by_listener, make_operations
from chassis.messaging.subscription import Subscription
from chassis.metrics import RequestMetrics
from chassis.proxies import TrustedProxies
from chassis.services import Services
from chassis.tracing import setup as tracing
from chassis.web import RequestEnvelope
from events.topology import SOCKETS_HEAR, TOPOLOGY
from realtime import sockets
from realtime.admission import Admission
from realtime.catalogue import schemas
from realtime.connections import Connections
from realtime.delivery import DeliveryMetrics
from realtime.neighbours import Logins, Memberships
from realtime.observed import observe_sockets
from realtime.presence import SAID_EVERY, Presence
from realtime.publisher import SocketPublisher
from realtime.push import LOOK_EVERY, EndedLogins, Hints, Push, again_and_again
from realtime.routes import realtime
from realtime.service import PresenceService, TypingService
from realtime.settings import Settings
from realtime.store import Store
from realtime.subscriptions import Subscriptions
from realtime.tickets import Tickets
from realtime.websocket import limit_messages

log = structlog.get_logger()


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application, ready to serve."""
    settings = settings or Settings()
    app = Flask(__name__, static_folder=None)
    metrics = RequestMetrics(app, {"service": "realtime"})
    tracing.set_up("realtime", settings, metrics.registry)
    tracing.follow(app)
    store, connections = Store(settings.store_url, settings.store_timeout), Connections()
    socketio = sockets.make_socketio()
    publisher = SocketPublisher(socketio, connections)
    auth = Pool(settings.auth_url)
    ended = EndedLogins(Logins(auth), publisher)
    memberships = Memberships(Pool(settings.memberships_url), auth, settings.client_secret_file)
    subscriptions, everywhere = Subscriptions(memberships.conversations), Presence(store)
    push = Push(subscriptions, connections, everywhere, publisher, schemas())
    heard = Subscription(
        settings.parameters("realtime"),
        TOPOLOGY.without(settings.subscribers_off),
        SOCKETS_HEAR,
        push.hear,
        lambda: publisher.close_all("events-missed"),
    )
    hints = Hints(push, heard.hint)
    presence = PresenceService(memberships, subscriptions, connections, everywhere, hints)
    tickets = Tickets(store, settings.ticket_ttl)
    stopping = threading.Event()
    health = Health(None, stopping, {"store": store.answers, "broker": lambda: heard.is_connected})
    found = Services()
    found.register(Identities, Identities(settings.identity_secret_file.read_bytes()))
    found.register(PresenceService, presence)
    found.register(Tickets, tickets)

    def start() -> None:
        """Start what runs beside requests."""
        again_and_again(LOOK_EVERY, ended.look)
        if settings.realtime_push:
            heard.start(threading.Event())
        try:
            presence.say_who_is_here()
        except NotReady as error:
            log.warning("presence.partly", reason=str(error))
        again_and_again(SAID_EVERY, presence.say_who_is_here)

    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.json = FastJSONProvider(app)
    app.extensions |= {"services": found, "publisher": publisher, "stopping": stopping}
    app.extensions["start"] = start
    problems.register(app)
    for blueprint in (realtime, probes(health)):
        app.register_blueprint(blueprint)
    typing = TypingService(subscriptions, hints)
    sockets.register(socketio, ended, connections, presence, typing, metrics)
    socketio.init_app(app)
    quotas = Quotas(settings.limits_file, settings.limits)
    limit_messages(socketio, quotas.of("typing", "socket"))
    observe_sockets(socketio, DeliveryMetrics(metrics.registry))
    places = make_room(settings.sockets_max, settings.http_threads, 0).sockets
    admission = Admission(app.wsgi_app, tickets, ended, subscriptions, places)
    proxied = TrustedProxies(admission, settings.trusted_proxies)
    operations = {settings.operations_bind: make_operations(metrics, health)}
    listeners = by_listener(proxied, operations)
    app.wsgi_app = RequestEnvelope(listeners, metrics.observe)  # type: ignore[method-assign]
    metrics.watch("chat_sockets_open", "Sockets that are open.", lambda: len(connections.all()))
    hears = "Whether this process hears of what happens, for its sockets."
    metrics.watch("chat_events_heard", hears, lambda: heard.is_connected)
    metrics.watch("chat_stopping", "Whether the process was told to stop.", stopping.is_set)
    return app
