"""diffs/README.md: what it says, and what is wrong with it."""

from pathlib import Path

import pytest

from lab.errors import LabError
from lab.steps import notes
from lab.steps.notes import Role, Spot, matches

GOOD = """\
# The steps of phase 1

Words for people.

## How to read this

Not a step.

## 1.1 Cache what is read often

The patch is [1.1-redis-cache.patch](1.1-redis-cache.patch).

**Idea.** What is read often
is kept.

The reason.

```
## 9.9 not a heading
```

### Files by role

- the cache itself: `chat/cache/`, `chat/keys.py`,
  `chat/more.py`
- proof: `tests/test_*.py`

### Read first

1. `chat/cache/lists.py` at `def read(`: here it is decided
   what is kept

### Exercise

Write the cache.

- given: `compose.yaml`
- stubs: `chat/cache/lists.py`

Mind the races.

### Hints

1. One,
   two.
2. Three.
"""


def read(tmp_path: Path, text: str) -> dict[str, notes.StepNotes]:
    file = tmp_path / "README.md"
    file.write_text(text, encoding="utf-8")
    return notes.read(file)


def test_a_section_is_read_whole(tmp_path: Path) -> None:
    said = read(tmp_path, GOOD)["1.1"]
    assert said.file_name == "1.1-redis-cache.patch"
    assert said.roles == (
        Role("the cache itself", ("chat/cache/", "chat/keys.py", "chat/more.py")),
        Role("proof", ("tests/test_*.py",)),
    )
    assert said.read_first == (
        Spot("chat/cache/lists.py", "def read(", "here it is decided what is kept"),
    )
    assert said.exercise.task == "Write the cache.\n\nMind the races."
    assert said.exercise.given == ("compose.yaml",)
    assert said.exercise.stubs == ("chat/cache/lists.py",)
    assert said.exercise.tests == ()
    assert said.exercise.hints == ("One, two.", "Three.")
    assert said.message == (
        "1.1 Cache what is read often\n\nWhat is read often\nis kept.\n\n"
        "The reason.\n\n```\n## 9.9 not a heading\n```\n\nStep: 1.1\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("1.1-redis-cache.patch)", "patch.txt)", "needs a link to its patch"),
        ("(1.1-redis", "(1.2-redis", "names a patch of step 1.2"),
        ("**Idea.** ", "", "needs a paragraph that begins with"),
        ("- proof: `tests/test_*.py`", "- proof: tests", "an item reads - ROLE"),
        ("at `def read(`", "somewhere", "an item reads 1. `path` at"),
        ("- given:", "- handed:", "one of given, stubs, tests"),
        ("### Hints", "### Tips", "what is the part 'Tips'"),
    ],
)
def test_a_slip_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(LabError) as seen:
        read(tmp_path, GOOD.replace(old, new))
    assert words in str(seen.value)
    assert "README.md, section 1.1" in str(seen.value)


def test_a_step_is_described_once(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="twice"):
        read(tmp_path, GOOD + GOOD)


def test_without_a_file_nothing_is_described(tmp_path: Path) -> None:
    assert notes.read(tmp_path / "README.md") == {}


@pytest.mark.parametrize(
    ("path", "pattern", "means"),
    [
        ("chat/cache/a.py", "chat/cache/", True),
        ("chat/cache/a.py", "chat/cache", True),
        ("chat/cached.py", "chat/cache", False),
        ("tests/test_a.py", "tests/test_*.py", True),
        ("compose.yaml", "compose.yaml", True),
        ("x/compose.yaml", "compose.yaml", False),
    ],
)
def test_patterns(path: str, pattern: str, means: bool) -> None:  # noqa: FBT001 - a table
    assert matches(path, pattern) is means
