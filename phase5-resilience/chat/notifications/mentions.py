"""Who is mentioned in a text: `@ada`, and not the `@` of `ada@example.org`."""

import re
from collections.abc import Iterator

from chassis.limits import USERNAME_PATTERN

_USERNAME = re.compile(USERNAME_PATTERN)
# Neither in the middle of a word, an address or a path, nor the beginning of a longer word.
_MENTION = re.compile(r"(?<![\w.+/@-])@([A-Za-z0-9][A-Za-z0-9_.-]*+)(?![\w@])")


def mentioned(text: str) -> Iterator[list[str]]:
    """Yield for each mention the names that it may mean, the likeliest first.

    In `@ada.` the dot may end the name or the sentence: who exists decides.
    """
    for word in _MENTION.findall(text):
        least = len(word.rstrip("_.-"))
        names = (word[:end].lower() for end in range(len(word), least - 1, -1))
        yield [name for name in names if _USERNAME.match(name)]
