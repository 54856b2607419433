"""`lab lint` refuses an import that a phase's pyproject.toml does not allow."""

import shutil
from pathlib import Path

import pytest

from lab.cli import lint
from lab.paths import ROOT


@pytest.mark.parametrize(
    ("file", "imported", "broken"),
    [
        ("chat/realtime/service.py", "chat.conversations.models", "The tables of conversations"),
        ("chat/conversations/members.py", "chat.auth.models", "The tables of auth"),
        ("chat/profiles/service.py", "chat.messages.service", "Imports look down"),
        ("chassis/ids.py", "chat.auth.limits", "Imports look down"),
        ("chassis/ids.py", "uuid", ""),
    ],
)
def test_a_domain_that_reaches_into_the_tables_of_another_is_named(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
    imported: str,
    broken: str,
) -> None:
    for name in ("chassis", "chat"):
        shutil.copytree(ROOT / "phase0-mvp" / name, tmp_path / name)
    shutil.copy(ROOT / "phase0-mvp" / "pyproject.toml", tmp_path)
    source = tmp_path / file
    source.write_text(f"{source.read_text()}\nimport {imported}\n")
    passed = lint._run(lint._imports(tmp_path))
    said = capsys.readouterr().out
    assert passed is not bool(broken)
    if broken:
        assert next(line for line in said.splitlines() if "BROKEN" in line).startswith(broken)
        assert imported in said
