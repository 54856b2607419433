"""The monolith behind a gateway that is played; whoever registers is known, and has a profile."""

from functools import partial

from fake_profiles import fake_profiles
from flask import Flask
from front import SECRET, StandIn, claims_of, identity, use_secrets

from chassis import services
from chassis.database import Database
from chat import app as monolith
from chat.people.service import keep
from chat.settings import Settings

__all__ = ["SECRET", "claims_of", "identity", "use_secrets"]


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application behind a stand-in of the gateway."""
    app = monolith.create_app(settings)
    database = services.of(app).get(Database)
    app.wsgi_app = StandIn(app.wsgi_app, partial(_registered, database))  # type: ignore[method-assign]
    return app


def _registered(database: Database, user_id: str, username: str, display_name: str) -> None:
    """Make a profile, and hear of it."""
    person = fake_profiles().register(user_id, username, display_name)
    with database.write() as work:
        keep(work.connection, [person])
