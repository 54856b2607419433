"""Putting the profile service together: the one place that knows every part."""

import threading

from flask import Flask

from chassis import problems
from chassis.cache.link import Link
from chassis.calls import Calls, Pool, Transport
from chassis.database import Database
from chassis.health import Health, probes
from chassis.identity import Identities
from chassis.json import FastJSONProvider
from chassis.limits import BODY_MAX
from chassis.listeners import by_listener, make_internal, make_operations
from chassis.metrics import RequestMetrics
from chassis.proxies import TrustedProxies
from chassis.resilience.shedding import SPARE, Limit, Shedding
from chassis.service_tokens import PublishedKeys, ServiceTokens
from chassis.services import Services
from chassis.tracing import setup as tracing
from chassis.web import RequestEnvelope
from profiles.cached import CachedProfiles
from profiles.catalogue import outbox
from profiles.internal import internal
from profiles.routes import profiles
from profiles.service import ProfileService
from profiles.settings import Settings


def create_app(settings: Settings | None = None, auth: Transport | None = None) -> Flask:
    """Return the WSGI application, ready to serve. `profiles.migrate` has made its tables."""
    settings = settings or Settings()
    app = Flask(__name__, static_folder=None)
    metrics = RequestMetrics(app, {"service": "profiles"})
    tracing.set_up("profiles", settings, metrics.registry)
    tracing.follow(app)
    database = Database(settings, outbox=outbox(settings))
    database.end_interrupted_import()
    found = _make_services(settings, database, auth or Pool(settings.auth_url))
    cache, stopping = found.get(Link), threading.Event()
    others = {"cache": cache.answers}
    if replica := database.replica:
        others["replica"] = lambda: replica.is_used
    health = Health(database, stopping, others)

    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.json = FastJSONProvider(app)
    app.extensions |= {"services": found, "stopping": stopping}
    problems.register(app)
    for blueprint in (profiles, probes(health)):
        app.register_blueprint(blueprint)
    behind = {
        settings.operations_bind: make_operations(metrics, health),
        settings.internal_bind: make_internal(metrics, found, internal),
    }
    limit = Limit(settings.http_threads - SPARE, settings.patience)
    proxied = TrustedProxies(Shedding(app.wsgi_app, limit), settings.trusted_proxies)
    listeners = by_listener(proxied, behind)
    app.wsgi_app = RequestEnvelope(listeners, metrics.observe)  # type: ignore[method-assign]
    metrics.watch_limit(limit)
    metrics.watch_pool(database.pool)
    metrics.watch_outbox(database)
    metrics.watch("chat_cache_up", "Whether the cache is asked.", lambda: cache.epoch() is not None)
    return app


def _make_services(settings: Settings, database: Database, auth: Transport) -> Services:
    found = Services()
    cache = Link(settings.cache_url, settings.cache_timeout, settings.cache_pause)
    found.register(Database, database)
    found.register(Link, cache)
    found.register(Identities, Identities(settings.identity_secret_file.read_bytes()))
    found.register(ServiceTokens, ServiceTokens("profiles", PublishedKeys(Calls("auth", auth))))
    found.register(ProfileService, CachedProfiles(database, cache))
    return found
