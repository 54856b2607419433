"""The checks themselves: they see what they should, and cannot pass by accident."""

import os
import signal
import subprocess
import tempfile
import textwrap
from pathlib import Path

import pytest

from docs.commands import (
    BadTreatment,
    Command,
    Interrupted,
    Mismatch,
    Session,
    blocks,
    commands,
    how_to_run,
    sweep,
)
from docs.links import fault
from docs.markdown import Block, Document, Treatment
from docs.output import difference
from docs.quotes import NotFound, holds, quotes, refreshed, resolve
from docs.shell import Result, Shell

WAITING = "python3 -c \"import time; print('up', flush=True); time.sleep(30)\" 2>/dev/null"


def _document(directory: Path, text: str) -> Document:
    file = directory / "text.md"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return Document(file)


def _console(text: str, treatment: Treatment | None = None) -> Block:
    return Block(Path("x.md"), 1, "console", textwrap.dedent(text), treatment)


def test_output_that_varies_by_nature_is_the_same() -> None:
    shown = "id 01a20a7a-97c6-745b-9d0e-edd2f2c53d11 at 2026-11-23T21:00:00.123Z  app;dur=1.20 3 s"
    actual = "id 01a20a7b-97c6-745b-9d0e-edd2f2c53d12 at 2027-01-01T00:00:00.000Z app;dur=33 4.5 s"
    assert difference(shown, actual.replace("Z app", "Z      app")) is None


@pytest.mark.parametrize(
    ("shown", "actual"),
    [
        ("seq 1", "seq 2"),
        ("one\ntwo", "one"),
        ("one", "one\ntwo"),
        ("a…c", "a\nc"),
        ("HTTP/1.1 200 OK", "HTTP/1.1 500 OK"),
        ("", "something"),
    ],
)
def test_other_output_is_a_difference(shown: str, actual: str) -> None:
    assert difference(shown, actual) is not None


def test_an_ellipsis_stands_for_anything_in_a_line_or_for_lines() -> None:
    assert difference("one … three\n…\nend", "one two three\nx\ny\nend") is None
    assert difference("one\n…\nend", "one\nend") is None


def test_numbers_vary_only_where_it_says_so() -> None:
    assert difference("took 3", "took 4") is not None
    assert difference("took 3", "took 4", numbers_vary=True) is None


def test_a_console_block_is_commands_with_their_output() -> None:
    block = _console("""\
        $ first \\
            --more
        out
        $ cat <<END
        > text
        > END
        text
        """)
    assert commands(block) == [
        Command("first \\\n    --more", "out"),
        Command("cat <<END\ntext\nEND", "text"),
    ]


def test_a_treatment_that_is_not_understood_is_refused() -> None:
    with pytest.raises(BadTreatment):
        how_to_run(_console("$ x", Treatment("run", "sometimes")))
    with pytest.raises(BadTreatment):
        commands(_console("no prompt"))


def test_a_shell_remembers_and_tells_exit_codes(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PATH": "/usr/bin:/bin"})
    try:
        assert shell.run("word=kept", 5).code == 0
        assert shell.run("echo $word; cat; false", 5) == Result("kept\n", 1)
        assert shell.run("if", 5).code != 0
        assert shell.run("echo still here", 5).output == "still here\n"
        with pytest.raises(TimeoutError, match="so far"):
            shell.run("sleep 5", 0.2)
    finally:
        shell.close()


def test_ctrl_c_ends_the_command_and_not_the_shell(tmp_path: Path) -> None:
    shell = Shell(tmp_path, {"PATH": "/usr/bin:/bin"})
    try:
        result = shell.run(WAITING, 10, lambda text: "up" in text)
        assert result.code != 0
        assert shell.run("echo on", 5).output == "on\n"
    finally:
        shell.close()


def test_ctrl_c_works_where_a_script_runs_the_tests_in_the_background(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    shell = Shell(tmp_path, {"PATH": "/usr/bin:/bin"})
    try:
        assert shell.run(WAITING, 10, lambda text: "up" in text).code != 0
    finally:
        shell.close()
        signal.signal(signal.SIGINT, before)


def test_what_a_killed_run_has_left_is_removed() -> None:
    ended = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True)
    left = Path(tempfile.mkdtemp(prefix=f"lab-docs-{ended.stdout.strip()}-"))
    in_use = Path(tempfile.mkdtemp(prefix=f"lab-docs-{os.getpid()}-"))
    try:
        sweep()
        assert not left.exists()
        assert in_use.exists()
    finally:
        in_use.rmdir()


def test_links_are_followed_to_files_and_headings(tmp_path: Path) -> None:
    document = _document(
        tmp_path,
        """\
        # A `code` heading, twice
        # A `code` heading, twice
        [1](#a-code-heading-twice) [2](#a-code-heading-twice-1) [3](text.md) [4](https://x.org)
        [5](#nothing) [6](missing.md) ![7](missing.svg)
        """,
    )
    faults = [fault(document, link) is not None for link in document.links]
    assert faults == [False, False, False, False, True, True, True]


def test_quoted_code_is_found_by_symbol_and_by_lines(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(
        "LIMIT: int = 3\n\n\nclass A:\n    x = 1\n\n    @staticmethod\n    def f() -> None:\n"
        "        pass\n",
        encoding="utf-8",
    )
    file = tmp_path / "text.md"
    assert resolve(file, "code.py#A.f") == "@staticmethod\ndef f() -> None:\n    pass\n"
    assert resolve(file, 'code.py from "class A" to "x ="') == "class A:\n    x = 1\n"
    for reference in ("code.py#A.g", "none.py#A", 'code.py from "zzz"', "code.py"):
        with pytest.raises(NotFound):
            resolve(file, reference)


def test_refreshing_replaces_quoted_code_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("x = 1\ny = 2\n", encoding="utf-8")
    document = _document(
        tmp_path,
        """\
        Before.
        <!-- quote: code.py#x -->
        ```python
        x = 0
        z = 9
        ```

        <!-- quote: code.py#y -->
        ```python
        ```
        After <!-- figure: code.py#y -->2 and <!-- figure: code.py#y -->3
        <!-- figure: code.py#y -->2 begins a line.
        """,
    )
    after = _document(tmp_path, refreshed(document))
    assert [block.text for block in quotes(after)] == ["x = 1\n", "y = 2\n"]
    assert after.text.startswith("Before.\n")
    assert [holds(after.file, figure) for figure in after.figures] == [True, False, False]


def test_a_document_that_shows_something_else_fails_at_its_line(tmp_path: Path) -> None:
    document = _document(
        tmp_path,
        """\
        ```console
        $ word=kept; touch left-behind
        ```

        ```console
        $ echo $word
        kept
        $ ls left-behind && pwd | grep -c lab-docs
        left-behind
        1
        ```

        ```console
        $ echo good
        bad
        ```

        ```console
        $ echo later
        later
        ```
        """,
    )
    first, second, third, fourth = blocks(document.file)
    session = Session(document.file)
    try:
        session.run(first)
        session.run(second)
        with pytest.raises(Mismatch, match=r"text\.md:13: \$ echo good"):
            session.run(third)
        with pytest.raises(Interrupted):
            session.run(fourth)
    finally:
        session.close()


def test_a_command_that_fails_is_a_mismatch_unless_that_is_the_point(tmp_path: Path) -> None:
    document = _document(
        tmp_path,
        """\
        <!-- run: exit 3 -->
        ```console
        $ (exit 3)
        ```

        ```console
        $ (exit 3)
        ```
        """,
    )
    expected, unexpected = blocks(document.file)
    session = Session(document.file)
    try:
        session.run(expected)
        with pytest.raises(Mismatch, match="exit code 3 instead of 0"):
            session.run(unexpected)
    finally:
        session.close()


def test_a_command_to_interrupt_must_show_what_it_should_before(tmp_path: Path) -> None:
    document = _document(
        tmp_path,
        """\
        <!-- run: interrupt -->
        ```console
        $ python3 -c "import time; print('ready', flush=True); time.sleep(60)" 2>/dev/null
        ready
        ```

        <!-- run: interrupt -->
        ```console
        $ echo broken
        ready
        ```
        """,
    )
    good, bad = blocks(document.file)
    session = Session(document.file)
    try:
        session.run(good)
        with pytest.raises(Mismatch, match="ended by itself"):
            session.run(bad)
    finally:
        session.close()
