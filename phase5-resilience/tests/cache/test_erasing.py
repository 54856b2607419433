"""Whoever is erased is erased from whatever kind of value there is."""

from redises import RedisServer

from chassis.cache.erasing import erase


def test_a_value_that_is_no_text_goes_by_its_key_and_holds_nothing_up(redis: RedisServer) -> None:
    for user_id in ("ann", "ben"):
        redis.client.zadd(f"chat:1:wrote:{user_id}", {"rev:x": 1})
        redis.client.set(f"chat:1:about:{user_id}", "nobody")
    redis.client.set("chat:1:text", "by ann")
    assert list(erase(redis.url, "ann")) == []
    assert set(redis.stored("*")) == {"chat:1:wrote:ben", "chat:1:about:ben"}
