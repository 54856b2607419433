"""Putting the application together: the one place that knows every part."""

import threading

from flask import Flask

from chassis import problems
from chassis.buckets import Quotas
from chassis.cache.link import Link
from chassis.calls import Transport
from chassis.database import Database
from chassis.descriptors import make_room
from chassis.events import Publisher
from chassis.health import Health, probes
from chassis.identity import Identities
from chassis.json import FastJSONProvider
from chassis.limits import BODY_MAX
from chassis.listeners import by_listener, make_internal, make_operations
from chassis.messaging.dead_letters import DeadLetters
from chassis.messaging.subscription import Subscription
from chassis.metrics import RequestMetrics
from chassis.proxies import TrustedProxies
from chassis.service_tokens import PublishedKeys, ServiceTokens
from chassis.services import Services
from chassis.web import RequestEnvelope
from chat.accounts import Accounts, calls_to_auth
from chat.catalogue import contract_event, outbox, schemas
from chat.conversations.cached import CachedConversations
from chat.conversations.members import MemberService
from chat.conversations.routes import conversations
from chat.conversations.service import ConversationService
from chat.dead_letters import dead_letters
from chat.jobs.routes import jobs
from chat.jobs.service import JobService
from chat.messages.routes import messages
from chat.messages.service import MessageService
from chat.messages.timeline import MessageTimeline
from chat.moderation.routes import moderation
from chat.moderation.service import ModerationService
from chat.moved import passed_on
from chat.notifications.routes import notifications
from chat.notifications.service import NotificationService
from chat.operations import add_dashboard
from chat.people.service import PeopleService
from chat.profiles import DEADLINE, Profiles, calls_to_profiles
from chat.realtime import sockets
from chat.realtime.admission import Admission
from chat.realtime.connections import Connections
from chat.realtime.delivery import DeliveryMetrics
from chat.realtime.elsewhere import SAID_EVERY, Elsewhere
from chat.realtime.observed import observe_sockets
from chat.realtime.publisher import SocketPublisher
from chat.realtime.push import LOOK_EVERY, EndedLogins, Hints, Push, again_and_again
from chat.realtime.routes import realtime
from chat.realtime.service import PresenceService, TypingService
from chat.realtime.tickets import Tickets
from chat.realtime.websocket import limit_messages
from chat.settings import Settings
from chat.system import BUILD, system
from events.topology import SOCKETS_HEAR, TOPOLOGY


def create_app(
    settings: Settings | None = None,
    auth: Transport | None = None,
    profiles: Transport | None = None,
) -> Flask:
    """Return the WSGI application, ready to serve. `chat.migrate` has made its tables."""
    settings = settings or Settings()
    app = Flask(__name__, static_folder=None)
    metrics = RequestMetrics(app, BUILD)
    connections = Connections()
    socketio = sockets.make_socketio()
    delivery = DeliveryMetrics(metrics.registry)
    publisher = SocketPublisher(socketio, connections)
    database = _open_database(settings, delivery)
    quotas = Quotas(settings.limits_file, settings.limits)
    found = _make_services(database, settings, auth, profiles)
    accounts, cache = found.get(Accounts), found.get(Link)

    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.json = FastJSONProvider(app)
    problems.register(app)
    stopping = threading.Event()
    others = {"cache": cache.answers}
    if replica := database.replica:
        others["replica"] = lambda: replica.is_used
    health = Health(database, stopping, others)
    for blueprint in (
        system(quotas),
        probes(health),
        conversations,
        messages,
        moderation,
        dead_letters,
        notifications,
        jobs,
        realtime,
        passed_on(settings.auth_for_people_url),
    ):
        app.register_blueprint(blueprint)

    elsewhere = Elsewhere()
    push = Push(database, connections, publisher, schemas(), contract_event, elsewhere)
    subscription = Subscription(
        settings.parameters("chat"),
        TOPOLOGY.without(settings.subscribers_off),
        SOCKETS_HEAR,
        push.hear,
        lambda: publisher.close_all("events-missed"),
    )
    hints = Hints(push, elsewhere.name, subscription.hint)
    presence = PresenceService(database, connections, elsewhere, hints)
    tickets = Tickets(database, settings.ticket_ttl)
    found.register(PresenceService, presence)
    found.register(Tickets, tickets)
    found.register(RequestMetrics, metrics)
    found.register(Health, health)
    ended = EndedLogins(accounts, publisher)

    def start() -> None:
        """Start what runs beside requests."""
        again_and_again(LOOK_EVERY, ended.look)
        if settings.realtime_push:
            subscription.start(threading.Event())
            again_and_again(SAID_EVERY, lambda: hints.say_who_is_here(connections.people()))
            again_and_again(SAID_EVERY, push.forget_silent)

    app.extensions |= {"services": found, "publisher": publisher, "stopping": stopping}
    app.extensions["start"] = start
    sockets.register(
        socketio,
        ended,
        connections,
        presence,
        TypingService(database, hints),
        metrics,
    )
    socketio.init_app(app)
    limit_messages(socketio, quotas.of("typing", "socket"))
    observe_sockets(socketio, delivery)
    room = make_room(settings.sockets_max, settings.http_threads, settings.database_connections)
    app.wsgi_app = Admission(app.wsgi_app, tickets, room.sockets)  # type: ignore[method-assign]
    proxied = TrustedProxies(app.wsgi_app, settings.trusted_proxies)
    operations = make_operations(metrics, health)
    add_dashboard(operations, settings.web_dir)
    behind = {
        settings.operations_bind: operations,
        settings.internal_bind: make_internal(metrics, found),
    }
    listeners = by_listener(proxied, behind)
    app.wsgi_app = RequestEnvelope(listeners, metrics.observe)  # type: ignore[method-assign]
    _watch(metrics, found, connections, stopping)
    hears = "Whether this process hears of what happens, for its sockets."
    metrics.watch("chat_events_heard", hears, lambda: subscription.is_connected)
    return app


def _open_database(settings: Settings, publisher: Publisher) -> Database:
    database = Database(settings, publisher, outbox(settings))
    database.end_interrupted_import()
    return database


def _make_services(
    database: Database,
    settings: Settings,
    to_auth: Transport | None,
    to_profiles: Transport | None,
) -> Services:
    """Make the services that routes ask for, and give each what it needs."""
    found = Services()
    timeline = MessageTimeline()
    cache = Link(settings.cache_url, settings.cache_timeout, settings.cache_pause)
    auth = calls_to_auth(settings.auth_url, settings.client_secret_file, to_auth)
    profiles = calls_to_profiles(
        settings.profiles_url,
        settings.auth_url,
        settings.client_secret_file,
        to_profiles,
        DEADLINE,
    )
    people = PeopleService(database, Profiles(profiles))
    accounts = Accounts(auth)
    found.register(Database, database)
    found.register(Link, cache)
    found.register(Identities, Identities(settings.identity_secret_file.read_bytes()))
    found.register(ServiceTokens, ServiceTokens("chat", PublishedKeys(auth)))
    found.register(Accounts, accounts)
    found.register(PeopleService, people)
    found.register(ConversationService, CachedConversations(database, timeline, people, cache))
    found.register(MemberService, MemberService(database, timeline, people))
    found.register(MessageService, MessageService(database))
    found.register(ModerationService, ModerationService(database, accounts))
    found.register(DeadLetters, DeadLetters(settings.parameters("dead letters"), TOPOLOGY))
    found.register(NotificationService, NotificationService(database))
    found.register(JobService, JobService(database, accounts))
    return found


def _watch(
    metrics: RequestMetrics, found: Services, connections: Connections, stopping: threading.Event
) -> None:
    """Add what is looked at only when somebody asks."""
    cache = found.get(Link)
    metrics.watch("chat_sockets_open", "Sockets that are open.", lambda: len(connections.all()))
    metrics.watch_pool(found.get(Database).pool)
    metrics.watch_outbox(found.get(Database))
    metrics.watch("chat_cache_up", "Whether the cache is asked.", lambda: cache.epoch() is not None)
    metrics.registry.register(found.get(DeadLetters))
    metrics.watch("chat_stopping", "Whether the process was told to stop.", stopping.is_set)
