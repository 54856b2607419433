"""Putting the application together: the one place that knows every part."""

import threading
from pathlib import Path

from flask import Flask

from chassis import problems
from chassis.cache.link import Link
from chassis.database import Database
from chassis.json import FastJSONProvider
from chassis.metrics import RequestMetrics
from chassis.requests import BODY_MAX
from chassis.settings import Settings
from chassis.web import RequestEnvelope
from chat.auth.passwords import Passwords
from chat.auth.routes import auth
from chat.auth.service import AuthService, Lifetimes
from chat.conversations.cached import CachedConversations
from chat.conversations.listing import ListAuthenticator
from chat.conversations.members import MemberService
from chat.conversations.routes import conversations
from chat.conversations.service import ConversationService
from chat.health import Health
from chat.messages.routes import messages
from chat.messages.service import MessageService
from chat.messages.timeline import MessageTimeline
from chat.operations import by_listener, make_operations
from chat.profiles.cached import CachedProfiles
from chat.profiles.routes import profiles
from chat.profiles.service import ProfileService
from chat.realtime import sockets
from chat.realtime.admission import Admission
from chat.realtime.connections import Connections
from chat.realtime.delivery import DeliveryMetrics
from chat.realtime.observed import observe_sockets
from chat.realtime.publisher import SocketPublisher
from chat.realtime.routes import realtime
from chat.realtime.service import PresenceService, TypingService
from chat.realtime.tickets import Tickets
from chat.realtime.websocket import limit_messages
from chat.site import Directories, site
from chat.system import BUILD, system

PHASE = Path(__file__).resolve().parent.parent


def create_app(settings: Settings | None = None) -> Flask:
    """Return the WSGI application, ready to serve; its tables exist afterwards."""
    settings = settings or Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(
        settings.database_file, settings.database_connections, settings.database_timeout
    )
    database.create_tables()
    database.end_interrupted_import()

    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.json = FastJSONProvider(app)
    problems.register(app)

    metrics = RequestMetrics(app, BUILD)
    cache = Link(settings.cache_url, settings.cache_timeout, settings.cache_pause)
    health = Health(database, cache, threading.Event())
    for blueprint in (system(health), site, auth, profiles, conversations, messages, realtime):
        app.register_blueprint(blueprint)

    publisher = _wire(app, database, cache, metrics, settings)
    app.extensions |= {
        "database": database,
        "directories": Directories(settings.web_dir, settings.contract_dir, PHASE),
        "health": health,
        "metrics": metrics,
        "stopping": health.stopping,
        "publisher": publisher,
    }
    _watch(app, metrics)
    operations = make_operations(metrics, health, app.extensions["directories"])
    app.wsgi_app = by_listener(  # type: ignore[method-assign, assignment]
        app.wsgi_app, operations, settings.operations_bind
    )
    app.wsgi_app = RequestEnvelope(app.wsgi_app, metrics.observe)  # type: ignore[method-assign]
    return app


def _wire(
    app: Flask, database: Database, cache: Link, metrics: RequestMetrics, settings: Settings
) -> SocketPublisher:
    """Make the services and give each what it needs; the routes find them in `extensions`."""
    connections = Connections()
    socketio = sockets.make_socketio()
    delivery = DeliveryMetrics(metrics.registry)
    publisher = SocketPublisher(socketio, connections, delivery)
    tickets = Tickets(database, settings.ticket_ttl)
    timeline = MessageTimeline()
    people = ProfileService(database)
    presence = PresenceService(database, connections, publisher)
    login = AuthService(
        database,
        Passwords(settings.hashes_at_once, settings.hash_wait),
        Lifetimes(settings.refresh_ttl, settings.refresh_grace),
        people,
        publisher,
    )
    talks = ConversationService(database, timeline, people, publisher)
    lists = CachedConversations(talks, login, database, timeline, cache)
    app.extensions |= {
        "auth": login,
        "authenticator": ListAuthenticator(login, lists),
        "cache": cache,
        "profiles": CachedProfiles(people, cache),
        "conversations": lists,
        "members": MemberService(database, timeline, people, publisher),
        "messages": MessageService(database, publisher),
        "presence": presence,
        "tickets": tickets,
    }
    socketio.init_app(app)
    limit_messages(socketio)
    observe_sockets(socketio, delivery)
    typing = TypingService(database, publisher)
    sockets.register(socketio, login, connections, presence, typing, metrics)
    app.wsgi_app = Admission(app.wsgi_app, tickets, settings.sockets_max)  # type: ignore[method-assign]
    metrics.watch("chat_sockets_open", "Sockets that are open.", lambda: len(connections.all()))
    return publisher


def _watch(app: Flask, metrics: RequestMetrics) -> None:
    """Add what is looked at only when somebody asks."""
    pool, cache = app.extensions["database"].pool, app.extensions["cache"]
    stopping = app.extensions["stopping"]
    metrics.watch("chat_database_connections_max", "Connections that the pool may hold.", pool.size)
    metrics.watch("chat_database_connections_in_use", "Connections in use now.", pool.checkedout)
    metrics.watch("chat_cache_up", "Whether the cache is asked.", lambda: cache.epoch() is not None)
    metrics.watch("chat_stopping", "Whether the process was told to stop.", stopping.is_set)
