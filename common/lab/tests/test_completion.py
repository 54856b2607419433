"""Completion at the prompt, in real shells and by what click is told."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from lab.cli import completion
from lab.cli.main import COMMANDS, cli
from lab.paths import ROOT

# What a shell does at the press of TAB, without a terminal; each prints one word per line.
BASH = 'source {script}; COMP_WORDS=({words}); COMP_CWORD={last}; _lab_completion {program}; \
printf "%s\\n" "${{COMPREPLY[@]}}"'
ZSH = """
compdef() {{ registered=$2 }}
compadd() {{ print -l -- ${{(P)argv[-1]}} }}
_describe() {{ print -l -- ${{${{(P)3}}%%:*}} }}
source {script}
[[ $registered == lab ]] || exit 1
words=({words}); CURRENT={last}+1
_lab_completion
"""
FISH = "source {script}; complete -C {line} | string replace -r '\\t.*' ''"
SHELLS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def complete(*words: str) -> list[str]:
    """Return what is offered for the last of words."""
    *before, incomplete = words
    found = BashComplete(cli, {}, "lab", "_LAB_COMPLETE").get_completions(before, incomplete)
    return [item.value if item.type == "plain" else item.type for item in found]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ([""], list(COMMANDS)),
        (["do"], [name for name in COMMANDS if name.startswith("do")]),
        (["ps", "--j"], ["--json"]),
        (["seed", "0", "--size", ""], ["demo", "bench"]),
        (["up", "0"], ["0"]),
        (["up", "phase0"], ["phase0"]),
        (["up", "./"], ["dir"]),
        (["up", "--scale", ""], ["chat=2"]),
        (["logs", "0", "c"], ["chat"]),
        (["logs", "ghost", "c"], []),
        (["test", "la"], ["lab"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
    ],
)
def test_what_is_offered(words: list[str], offered: list[str]) -> None:
    assert complete(*words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("program", ["./lab", "lab", "~/lab"])
def test_a_shell_offers_it_for_any_way_to_call_lab(
    shell: str, program: str, tmp_path: Path
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    script = tmp_path / "script"
    script.write_text(CliRunner().invoke(completion.command, [shell], standalone_mode=False).output)
    (tmp_path / "lab").symlink_to(ROOT / "lab")
    line = f"{program} exp"
    text = SHELLS[shell].format(
        script=script, words=f"'{program}' exp", last=1, program=f"'{program}'", line=f"'{line}'"
    )
    said = subprocess.run(
        [shell, "-c", text],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.stdout.split(), said.stderr) == (["export"], "")


def test_an_unfinished_environment_is_not_made_at_the_press_of_a_key(tmp_path: Path) -> None:
    shutil.copy(ROOT / "lab", tmp_path)
    said = subprocess.run(
        [tmp_path / "lab"],
        env={
            **os.environ,
            "_LAB_COMPLETE": "bash_complete",
            "COMP_WORDS": "lab",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
