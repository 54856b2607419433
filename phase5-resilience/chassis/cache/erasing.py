"""Taking everything that names somebody out of the cache, whichever process has put it there."""

from collections.abc import Iterator

from redis import Redis
from redis.exceptions import RedisError

from chassis.errors import Unavailable

_AT_ONCE = 500
_ERASE = """
local page = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[2])
for _, key in ipairs(page[2]) do
  local kept = redis.pcall('GET', key)
  if type(kept) ~= 'string' then -- own writes: whose they are is in the key
    kept = ''
  end
  if string.find(key .. kept, ARGV[3], 1, true) then
    redis.call('DEL', key)
  end
end
return page[1]
"""


def erase(url: str, word: str) -> Iterator[None]:
    """Go through all that is there, in steps. Errors: `Unavailable`; begin anew then."""
    cursor = b"0"
    try:
        with Redis.from_url(url, socket_timeout=5) as redis:
            while True:
                cursor = redis.eval(_ERASE, 0, cursor, _AT_ONCE, word)
                if cursor == b"0":
                    return
                yield
    except (RedisError, OSError) as error:
        raise Unavailable("The cache does not answer.") from error
