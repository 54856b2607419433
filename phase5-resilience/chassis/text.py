"""What people write, by Unicode's own properties: what is refused, and what becomes one form.

A **name** follows PRECIS (RFC 8264, RFC 8266 "Nickname"): nothing in it is invisible, turns the
line around or is no character. Emoji, and the invisible characters that scripts cannot do without,
are let in where they belong. A **text** is left as it was written, if there is anything to see in
it; to draw it harmlessly is the client's business. Decision 12 says why.
"""

import unicodedata

import emoji
import regex

MARKS_IN_NAMES = 4
"""Nonspacing marks in a row; UTS #39, 5.4, takes more for a forgery."""
MARKS_IN_TEXTS = 30
"""In a row. No writing needs more, says UAX #15 (Stream-Safe Text Format)."""

_SPACES = regex.compile(r"\p{Zs}+")
_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
# Unicode has no property for "blank"; this one is a symbol by its properties.
_VISIBLE = regex.compile(
    r"[^\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\N{BRAILLE PATTERN BLANK}]"
)
_TOO_MANY_MARKS_IN_NAME = regex.compile(rf"^\p{{M}}|[\p{{Mn}}\p{{Me}}]{{{MARKS_IN_NAMES + 1}}}")
_TOO_MANY_MARKS_IN_TEXT = regex.compile(rf"\p{{M}}{{{MARKS_IN_TEXTS + 1}}}")
_NOT_IN_NAMES = regex.compile(r"[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]")
_IN_CONTEXT = regex.compile(
    r"""
      (?<= \p{ccc=Virama} ) \p{Join_Control}            # RFC 5892, A.1 and A.2: Indic conjuncts
    | \N{ZERO WIDTH JOINER} (?= \p{ccc=Virama} )        # Bengali, Kannada: ra that keeps its form
    | (?<= [\p{jt=L}\p{jt=D}] \p{jt=T}* )               # RFC 5892, A.1: Arabic, Syriac, …
      \N{ZERO WIDTH NON-JOINER}
      (?= \p{jt=T}* [\p{jt=R}\p{jt=D}] )
    | (?<= \p{L} ) \p{Variation_Selector}               # which form of a Han character
    | (?<= \p{Mongolian} ) [\p{Mongolian}&&\p{Default_Ignorable_Code_Point}]
    """,
    regex.VERBOSE | regex.VERSION1,
)
"""Invisible characters where they change how the letters beside them are written."""


def name(value: str) -> str:
    """Return a name in its one form: NFC, with single plain spaces and none around it.

    Errors: `ValueError` says what is wrong with it.
    """
    value = _SPACES.sub(" ", unicodedata.normalize("NFC", value)).strip(" ")
    plain = _IN_CONTEXT.sub("", _without_emoji(value))
    if _NOT_IN_NAMES.search(plain):
        raise ValueError("must not contain control characters or invisible ones")
    if _TOO_MANY_MARKS_IN_NAME.search(plain):
        raise ValueError(f"must have its marks on letters, at most {MARKS_IN_NAMES} on each")
    if value and not has_something_to_see(plain):
        raise ValueError("must have something to see in it")
    return value


def text(value: str) -> str:
    """Return a text as it is; `ValueError` if more marks are piled up than any writing needs."""
    if _TOO_MANY_MARKS_IN_TEXT.search(value):
        raise ValueError(f"must have at most {MARKS_IN_TEXTS} marks on a letter")
    return value


def _without_emoji(value: str) -> str:
    """Put a plain symbol for each emoji; many are several characters, some of them invisible."""
    return "".join(
        "\N{BLACK SQUARE}" if isinstance(token.value, emoji.EmojiMatch) else token.chars
        for token in emoji.analyze(value, non_emoji=True, join_emoji=False)
    )


def has_something_to_see(value: str) -> bool:
    """Return whether anything of a text shows."""
    return _VISIBLE.search(value) is not None


def for_search(value: str) -> str:
    """Return what names are compared by: NFKC_Casefold (The Unicode Standard, 3.13)."""
    folded = unicodedata.normalize("NFKC", _IGNORABLE.sub("", value)).casefold()
    return unicodedata.normalize("NFKC", folded)


def password(value: str) -> str:
    """Return a password in the form that is hashed (RFC 8265, OpaqueString): whatever the keyboard.

    What the RFC refuses besides is let through: it can be typed again, which is all it is for.
    """
    return unicodedata.normalize("NFC", regex.sub(r"\p{Zs}", " ", value))
