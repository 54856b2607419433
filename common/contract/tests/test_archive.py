"""The archive's schemas, and the archive of a made-up world held against them and the rules.

Needs no system. That a phase keeps to the format, its own tests show.
"""

import hashlib
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from world.generate import generate

pytestmark = pytest.mark.offline

SCHEMAS = Path(__file__).resolve().parents[1] / "archive" / "schemas"
ORDER = ("header", "user", "login", "profile", "conversation", "message", "trailer")


def _validators() -> dict[str, Draft202012Validator]:
    documents = {file.stem: json.loads(file.read_text("utf-8")) for file in SCHEMAS.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (document["$id"], Resource.from_contents(document)) for document in documents.values()
    )
    return {
        name: Draft202012Validator(document, registry=registry)
        for name, document in documents.items()
    }


VALIDATORS = _validators()


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    """The archive of the demonstration world."""
    file = io.BytesIO()
    generate("demo", 1, date(2026, 11, 23), file)
    return file.getvalue().splitlines(keepends=True)


@pytest.fixture(scope="module")
def records(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", sorted(VALIDATORS))
def test_a_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(VALIDATORS[name].schema)


def test_every_record_fits_its_schema(records: list[dict[str, Any]]) -> None:
    seen: Counter[str] = Counter()
    for number, record in enumerate(records, start=1):
        error = next(VALIDATORS[record["type"]].iter_errors(record), None)
        assert error is None, f"line {number}: {error.json_path if error else ''}: {error}"
        seen[record["type"]] += 1
    assert min(seen[name] for name in ("user", "profile", "conversation", "member", "message")) > 40


def test_a_schema_refuses_what_the_rules_exclude(records: list[dict[str, Any]]) -> None:
    by_type = {record["type"]: record for record in records}
    text = next(one for one in records if one.get("kind") == "text" and one["deleted_at"] is None)
    for record, change in (
        (by_type["user"], {"username": "A"}),
        (by_type["user"], {"password_hash": "secret"}),
        (by_type["profile"], {"display_name": " x"}),
        (by_type["conversation"], {"kind": "direct", "name": "x"}),
        (by_type["member"], {"role": "boss"}),
        (text, {"seq": 0}),
        (text, {"body": None}),
        (text, {"body": "\x07"}),
        (text, {"sent_hash": None}),
        (text, {"deleted_at": 1}),
        (text, {"unknown": 1}),
    ):
        assert not VALIDATORS[record["type"]].is_valid(record | change), change


def test_records_stand_in_the_one_order(records: list[dict[str, Any]]) -> None:
    ranks = [ORDER.index(record["type"].replace("member", "conversation")) for record in records]
    assert ranks == sorted(ranks)
    for kind, key in (("user", "id"), ("profile", "user_id"), ("conversation", "id")):
        keys = [record[key] for record in records if record["type"] == kind]
        assert keys == sorted(set(keys))
    messages = [record for record in records if record["type"] == "message"]
    places = [(message["conversation_id"], message["seq"]) for message in messages]
    assert places == sorted(set(places))


def test_timelines_have_no_gaps_and_reach_their_rev(records: list[dict[str, Any]]) -> None:
    for conversation, messages in _timelines(records):
        assert [one["seq"] for one in messages] == list(range(1, conversation["last_seq"] + 1))
        revs = [one["rev"] for one in messages]
        assert len(set(revs)) == len(revs)
        assert max(revs, default=0) == conversation["rev"]


def test_the_trailer_vouches_for_every_byte(lines: list[bytes]) -> None:
    trailer = json.loads(lines[-1])
    assert trailer["sha256"] == hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    assert trailer["counts"] == Counter(json.loads(line)["type"] for line in lines[1:-1])


def _timelines(
    records: list[dict[str, Any]],
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    messages: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        if record["type"] == "message":
            messages.setdefault(record["conversation_id"], []).append(record)
    for record in records:
        if record["type"] == "conversation":
            yield record, messages.get(record["id"], [])
