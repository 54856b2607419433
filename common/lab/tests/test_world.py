"""The made-up world: the same for the same number, and as full of life as promised."""

import hashlib
import io
import json
import unicodedata
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import argon2
import pytest
from world.dice import Dice
from world.generate import PASSWORD, PASSWORD_HASH, SAMPLES, generate
from world.plan import bench, zipf
from world.talk import TALK, language

DAY = date(2026, 11, 23)
MIDNIGHT = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp()) * 1000
HOURS = 3600 * 1000
SUM = "08cc3280f1d5daa6a6d046e2bbfd1bf6c78120001c1d78da4b7bfca94fded5ec"
"""Of the demonstration world number 1."""


def _made(number: int = 1, day: date = DAY) -> bytes:
    file = io.BytesIO()
    generate("demo", number, day, file)
    return file.getvalue()


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in _made().splitlines()]


@pytest.fixture(scope="module")
def messages(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for record in records if record["type"] == "message"]


def test_the_same_number_gives_the_same_bytes() -> None:
    assert _made() == _made()


def test_the_bytes_are_the_same_on_every_machine() -> None:
    # Whoever changes the world on purpose writes down its new sum.
    assert hashlib.sha256(_made()).hexdigest() == SUM


def test_another_number_or_day_gives_another_world() -> None:
    assert len({_made(), _made(number=2), _made(day=date(2026, 11, 24))}) == 3


def test_it_ends_just_before_the_day(messages: list[dict[str, Any]]) -> None:
    newest = max(message["created_at"] for message in messages)
    assert MIDNIGHT - 24 * HOURS < newest < MIDNIGHT
    moments = [m["edited_at"] or m["deleted_at"] or m["created_at"] for m in messages]
    assert max(moments) < MIDNIGHT


def test_people_write_when_they_are_awake(messages: list[dict[str, Any]]) -> None:
    hours = Counter(message["created_at"] // HOURS % 24 for message in messages)
    assert sum(hours[hour] for hour in range(9, 21)) > 3 * sum(hours[hour] for hour in range(6))


def test_it_looks_lived_in(records: list[dict[str, Any]], messages: list[dict[str, Any]]) -> None:
    bodies = [message["body"] for message in messages if message["body"]]
    scripts = {
        unicodedata.name(letter).split()[0]
        for body in bodies
        for letter in body
        if letter.isalpha()
    }
    assert {"LATIN", "ARABIC", "HEBREW", "CJK", "HANGUL", "DEVANAGARI", "CYRILLIC"} <= scripts
    assert any("```" in body for body in bodies)
    assert any("https://" in body for body in bodies)
    for found in ("edited_at", "deleted_at", "reply_to", "notice", "reactions"):
        assert sum(bool(message[found]) for message in messages) > 30, found
    profiles = [record for record in records if record["type"] == "profile"]
    assert any(profile["bio"] == "" for profile in profiles)
    assert any(len(word) > 60 for profile in profiles for word in profile["bio"].split())
    sizes = [record["last_seq"] for record in records if record["type"] == "conversation"]
    assert max(sizes) >= 4000
    assert 0 in sizes


def test_the_first_sample_has_much_to_read(records: list[dict[str, Any]]) -> None:
    users = {one["username"]: one["id"] for one in records if one["type"] == "user"}
    last = {one["id"]: one["last_seq"] for one in records if one["type"] == "conversation"}
    unread = [
        last[one["conversation_id"]] - one["read_seq"]
        for one in records
        if one["type"] == "member" and one["user_id"] == users[SAMPLES[0]]
    ]
    assert len(unread) > 25
    assert 5 < sum(count > 0 for count in unread) < len(unread)
    assert max(unread) > 10


def test_the_sample_password_fits_its_hash_at_the_cost_the_phases_use() -> None:
    assert argon2.PasswordHasher().verify(PASSWORD_HASH, PASSWORD)
    cost = argon2.extract_parameters(PASSWORD_HASH)
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (19 * 1024, 2, 1)


def test_the_benchmark_world_is_large_and_uneven() -> None:
    world = bench(1, MIDNIGHT)
    sizes = sorted((one.messages for one in world.conversations), reverse=True)
    assert (len(world.people), len(sizes), sum(sizes)) == (1000, 5000, 200_000)
    assert sizes[0] > 5000
    assert sizes[2500] < 20
    assert len({one.id for one in world.conversations}) == 5000
    assert len({one.username for one in world.people}) == 1000


def test_a_total_is_divided_without_rest() -> None:
    assert sum(zipf(1234, 7)) == 1234


@pytest.mark.parametrize("code", sorted(file.stem for file in TALK.glob("*.txt")))
def test_every_dialogue_can_be_said(code: str) -> None:
    dice = Dice("test", code)
    spoken = language(code)
    for dialogue in spoken.about([], 4):
        for _ in range(5):
            for text in spoken.say(dialogue, ["Ada", "Bob", "Cem", "Dora"], dice):
                assert text.strip()
                assert len(text) <= 4000
                assert "{" not in text.replace("```", "")
