"""Putting the auth service together: the one place that knows every part."""

import threading

from flask import Flask

from auth.catalogue import outbox
from auth.clients import Clients, Issuer, OwnTokens
from auth.guesses import Guesses
from auth.internal import internal
from auth.keys import Keys
from auth.passwords import Passwords
from auth.profiles import Profiles
from auth.routes import auth, published
from auth.service import AuthService, Lifetimes
from auth.settings import Settings
from chassis import problems
from chassis.buckets import Quotas
from chassis.calls import Calls, Pool, Transport
from chassis.database import Database
from chassis.health import Health, probes
from chassis.identity import Identities
from chassis.json import FastJSONProvider
from chassis.limits import BODY_MAX
from chassis.listeners import by_listener, make_internal, make_operations
from chassis.metrics import RequestMetrics
from chassis.proxies import TrustedProxies
from chassis.service_tokens import ServiceTokens
from chassis.services import Services
from chassis.tracing import setup as tracing
from chassis.web import RequestEnvelope

REGISTRATION_WAITS = 1.0
"""Seconds for the profile of somebody new; it comes anyhow."""


def create_app(settings: Settings | None = None, profiles: Transport | None = None) -> Flask:
    """Return the WSGI application, ready to serve. `auth.migrate` has made its tables."""
    settings = settings or Settings()
    app = Flask(__name__, static_folder=None)
    metrics = RequestMetrics(app, {"service": "auth"})
    tracing.set_up("auth", settings, metrics.registry)
    tracing.follow(app)
    database = Database(settings, outbox=outbox(settings))
    database.end_interrupted_import()
    found = _make_services(settings, database, profiles or Pool(settings.profiles_url))
    stopping = threading.Event()
    health = Health(database, stopping)

    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX
    app.json = FastJSONProvider(app)
    app.extensions |= {"services": found, "stopping": stopping}
    problems.register(app)
    for blueprint in (auth, probes(health)):
        app.register_blueprint(blueprint)
    others = {
        settings.operations_bind: make_operations(metrics, health),
        settings.internal_bind: make_internal(metrics, found, internal, published),
    }
    proxied = TrustedProxies(app.wsgi_app, settings.trusted_proxies)
    listeners = by_listener(proxied, others)
    app.wsgi_app = RequestEnvelope(listeners, metrics.observe)  # type: ignore[method-assign]
    metrics.watch_pool(database.pool)
    metrics.watch_outbox(database)
    return app


def _make_services(settings: Settings, database: Database, profiles: Transport) -> Services:
    found = Services()
    keys = Keys(database, **settings.signing())
    identities = Identities(settings.identity_secret_file.read_bytes())
    issuer = Issuer(database, keys, identities)
    calls = Calls("profiles", profiles, OwnTokens(issuer), REGISTRATION_WAITS)
    found.register(Database, database)
    found.register(Identities, identities)
    found.register(Keys, keys)
    found.register(Issuer, issuer)
    found.register(Clients, Clients(settings.clients_dir))
    found.register(ServiceTokens, ServiceTokens("auth", keys))
    found.register(
        AuthService,
        AuthService(
            database,
            Passwords(settings.hashes_at_once, settings.hash_wait),
            keys,
            Lifetimes(settings.refresh_ttl, settings.refresh_grace),
            Guesses(Quotas(settings.limits_file, settings.limits)),
            Profiles(calls),
        ),
    )
    return found
