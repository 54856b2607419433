"""Which statements are sent to the database meanwhile, in what shape."""

import re
from typing import Any

import psycopg
import pytest


def traced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list that every statement is added to from now on."""
    statements: list[str] = []
    execute = psycopg.Cursor.execute

    def traced(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(query)
        return execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.Cursor, "execute", traced)
    return statements


def shapes(statements: list[str]) -> list[str]:
    """Return statements without their layout, and without what a parameter is and is called."""
    parameter = r'%(\(\w+\))?s(::[\w\[\]]+)?( COLLATE "C")?'
    return [re.sub(r"\s+", " ", re.sub(parameter, "?", one)).strip() for one in statements]
