"""What every archive must fulfil, whoever wrote it: ../archive/README.md as assertions."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

Record = dict[str, Any]

SCHEMAS = Path(__file__).resolve().parents[1] / "archive" / "schemas"
ORDER = (
    *("header", "user", "login", "profile", "conversation", "message"),
    *("moderation", "preferences", "trailer"),
)
KEYS = {"user": "id", "login": "id", "profile": "user_id", "conversation": "id"}


def validators() -> dict[str, Draft202012Validator]:
    """Return a validator for each type of record."""
    documents = {file.stem: json.loads(file.read_text("utf-8")) for file in SCHEMAS.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (document["$id"], Resource.from_contents(document)) for document in documents.values()
    )
    return {
        name: Draft202012Validator(document, registry=registry)
        for name, document in documents.items()
    }


def check_archive(archive: bytes) -> list[Record]:
    """Assert that this is an archive; return its records, header and trailer included."""
    lines = archive.splitlines(keepends=True)
    records = [json.loads(line) for line in lines]
    check_schemas(records)
    check_order(records)
    check_timelines(records)
    trailer = records[-1]
    assert trailer["sha256"] == hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    assert trailer["counts"] == Counter(record["type"] for record in records[1:-1])
    return records


def check_schemas(records: list[Record]) -> None:
    """Assert that each record fits the schema of its type."""
    by_type = validators()
    for number, record in enumerate(records, start=1):
        error = next(by_type[record["type"]].iter_errors(record), None)
        assert error is None, f"line {number}: {error.json_path if error else ''}: {error}"


def check_order(records: list[Record]) -> None:
    """Assert that the records stand in the one order that there is."""
    ranks = [ORDER.index(record["type"].replace("member", "conversation")) for record in records]
    assert ranks == sorted(ranks)
    for kind, key in KEYS.items():
        keys = [record[key] for record in records if record["type"] == kind]
        assert keys == sorted(set(keys))
    users = [(one["id"], one["username"]) for one in records if one["type"] == "user"]
    profiles = [(one["user_id"], one["username"]) for one in records if one["type"] == "profile"]
    assert profiles == users
    for one, other in pairwise(records):
        if other["type"] == "member":
            assert other["conversation_id"] == one.get("conversation_id", one.get("id"))
            assert one["type"] == "conversation" or one["user_id"] < other["user_id"]


def check_timelines(records: list[Record]) -> None:
    """Assert that messages are numbered without gaps, and that revs add up."""
    for conversation, messages in timelines(records):
        assert [one["seq"] for one in messages] == list(range(1, conversation["last_seq"] + 1))
        revs = [one["rev"] for one in messages]
        assert len(set(revs)) == len(revs)
        assert max(revs, default=0) == conversation["rev"]
        for message in messages:
            given = [message["seq"], *(one["rev"] for one in message["reactions"])]
            assert given == sorted(set(given))
            assert given[-1] <= message["rev"]


def timelines(records: list[Record]) -> Iterator[tuple[Record, list[Record]]]:
    """Yield each conversation with its messages."""
    messages: dict[str, list[Record]] = {}
    for record in records:
        if record["type"] == "message":
            messages.setdefault(record["conversation_id"], []).append(record)
    for record in records:
        if record["type"] == "conversation":
            yield record, messages.get(record["id"], [])
