"""The application with faults built in: what they carry must not get into the log."""

import threading
from typing import Any

from flask import Flask, request
from pydantic import TypeAdapter
from sqlalchemy.exc import IntegrityError
from stand_in import create_app


def faulty_app() -> Flask:
    """Return the application; whoever asks for `/fault/KIND` gets one that quotes the request."""
    app = create_app()

    @app.post("/fault/<kind>")
    def fault(kind: str) -> str:
        sent = request.get_data(as_text=True)
        _raise(kind, sent)
        return ""

    return app


def _raise(kind: str, sent: str) -> None:
    if kind == "value":
        int(sent)
    if kind == "key":
        _look_up({}, sent)
    if kind == "cause":
        try:
            int(sent)
        except ValueError as error:
            raise RuntimeError(f"cannot read {sent}") from error
    if kind == "validation":
        TypeAdapter(int).validate_python(sent)
    if kind == "database":
        raise IntegrityError(f"INSERT '{sent}'", {"body": sent}, ValueError(f"({sent}) exists"))
    if kind == "thread":
        thread = threading.Thread(target=int, args=[sent])
        thread.start()
        thread.join()


def _look_up(table: dict[str, Any], key: str) -> Any:
    return table[key]
