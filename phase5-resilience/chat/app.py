"""Putting the application together: the one place that knows every part."""

import threading

from flask import Flask

from chassis import problems
from chassis.buckets import Quotas
from chassis.cache.link import Link
from chassis.cache.own_writes import OwnWrites
from chassis.calls import Transport
from chassis.database import Database
from chassis.health import Health, probes
from chassis.identity import Identities
from chassis.json import FastJSONProvider
from chassis.limits import BODY_MAX
from chassis.listeners import by_listener, make_internal, make_operations
from chassis.messaging.dead_letters import DeadLetters
from chassis.metrics import RequestMetrics
from chassis.proxies import TrustedProxies
from chassis.resilience.shedding import SPARE, Limit, Shedding
from chassis.service_tokens import PublishedKeys, ServiceTokens
from chassis.services import Services
from chassis.tracing import setup as tracing
from chassis.web import RequestEnvelope
from chat import timelines
from chat.accounts import Accounts, calls_to_auth, calls_to_messages
from chat.catalogue import outbox
from chat.conversations.cached import CachedConversations
from chat.conversations.internal import internal
from chat.conversations.lists import Lists
from chat.conversations.members import MemberService
from chat.conversations.routes import conversations
from chat.conversations.service import ConversationService
from chat.dead_letters import dead_letters
from chat.jobs.routes import jobs
from chat.jobs.service import JobService
from chat.moderation.routes import moderation
from chat.moderation.service import ModerationService
from chat.moved import passed_on
from chat.notifications.routes import notifications
from chat.notifications.service import NotificationService
from chat.operations import add_dashboard
from chat.people.service import PeopleService
from chat.profiles import DEADLINE, Profiles, calls_to_profiles
from chat.settings import Settings
from chat.system import BUILD, system
from chat.timelines import Timelines
from events.topology import TOPOLOGY


def create_app(
    settings: Settings | None = None,
    auth: Transport | None = None,
    profiles: Transport | None = None,
) -> Flask:
    """Return the WSGI application, ready to serve. `chat.migrate` has made its tables."""
    settings = settings or Settings()
    app = Flask(__name__, static_folder=None)
    metrics = RequestMetrics(app, BUILD)
    tracing.set_up("chat", settings, metrics.registry)
    tracing.follow(app)
    database = _open_database(settings)
    quotas = Quotas(settings.limits_file, settings.limits)
    found = _make_services(database, settings, auth, profiles)
    cache = found.get(Link)

    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.json = FastJSONProvider(app)
    problems.register(app)
    stopping = threading.Event()
    others = {"cache": cache.answers}
    if replica := database.replica:
        others["replica"] = lambda: replica.is_used
    health = Health(database, stopping, others)
    for blueprint in (
        system(quotas, settings.traces_page if settings.traces_url else ""),
        probes(health),
        conversations,
        moderation,
        dead_letters,
        notifications,
        jobs,
        passed_on(settings.auth_for_people_url),
    ):
        app.register_blueprint(blueprint)

    found.register(RequestMetrics, metrics)
    found.register(Health, health)
    app.extensions |= {"services": found, "stopping": stopping}
    limit = Limit(settings.http_threads - SPARE, settings.patience)
    proxied = TrustedProxies(Shedding(app.wsgi_app, limit), settings.trusted_proxies)
    operations = make_operations(metrics, health)
    add_dashboard(operations, settings.web_dir)
    behind = {
        settings.operations_bind: operations,
        settings.internal_bind: make_internal(metrics, found, internal),
    }
    listeners = by_listener(proxied, behind)
    app.wsgi_app = RequestEnvelope(listeners, metrics.observe)  # type: ignore[method-assign]
    metrics.watch_limit(limit)
    _watch(metrics, found, stopping)
    return app


def _open_database(settings: Settings) -> Database:
    database = Database(settings, outbox=outbox(settings))
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
    secret = settings.client_secret_file
    messages = calls_to_messages(
        settings.messages_url, settings.auth_url, secret, timeout=timelines.DEADLINE
    )
    asked = Timelines(messages)
    lists = Lists(database, asked, OwnWrites(cache))
    found.register(Database, database)
    found.register(Link, cache)
    found.register(Identities, Identities(settings.identity_secret_file.read_bytes()))
    found.register(ServiceTokens, ServiceTokens("chat", PublishedKeys(auth)))
    found.register(Accounts, accounts)
    found.register(PeopleService, people)
    found.register(Lists, lists)
    found.register(ConversationService, CachedConversations(database, lists, people, cache))
    found.register(MemberService, MemberService(database, lists, people))
    found.register(ModerationService, ModerationService(database, accounts, asked))
    found.register(DeadLetters, DeadLetters(settings.parameters("dead letters"), TOPOLOGY))
    found.register(NotificationService, NotificationService(database))
    found.register(JobService, JobService(database, accounts))
    return found


def _watch(metrics: RequestMetrics, found: Services, stopping: threading.Event) -> None:
    """Add what is looked at only when somebody asks."""
    cache = found.get(Link)
    metrics.watch_pool(found.get(Database).pool)
    metrics.watch_outbox(found.get(Database))
    metrics.watch("chat_cache_up", "Whether the cache is asked.", lambda: cache.epoch() is not None)
    metrics.registry.register(found.get(DeadLetters))
    metrics.watch("chat_stopping", "Whether the process was told to stop.", stopping.is_set)
