"""The services of an application, found by their type: after svcs (https://svcs.hynek.me)."""

from typing import TypeVar, cast

from flask import Flask, current_app

Service = TypeVar("Service")


class Services:
    """What the application was put together from."""

    def __init__(self) -> None:
        self._by_type: dict[type, object] = {}

    def register(self, kind: type[Service], service: Service) -> None:
        """Appoint who answers when `kind` is asked for."""
        self._by_type[kind] = service

    def get(self, kind: type[Service]) -> Service:
        """Return who was appointed; `KeyError` if nobody was."""
        return cast(Service, self._by_type[kind])


def of(app: Flask) -> Services:
    """Return the services of an application."""
    return cast(Services, app.extensions["services"])


def get(kind: type[Service]) -> Service:
    """Return a service of the application that serves the current request."""
    return of(current_app).get(kind)
