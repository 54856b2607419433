"""`lab completion`."""

import click
from click.shell_completion import get_completion_class

from lab.cli.console import say

NAME = "lab"
VARIABLE = "_LAB_COMPLETE"  # click's, for a program of that name

# click's scripts call the program by its name on the PATH; ours is mostly ./lab, so each calls
# what was typed. A shell does not expand the tilde in a word that it passes on.
_CHANGES = {
    "bash": {"bash_complete $1)": 'bash_complete "${1/#\\~/$HOME}")'},
    "zsh": {
        "    (( ! $+commands[lab] )) && return 1\n": "",
        "zsh_complete lab)": "zsh_complete ${~words[1]})",
    },
    "fish": {
        "(commandline -t) lab)": "(commandline -t) "
        "(string replace -r '^~' $HOME -- (commandline -opc)[1]))"
    },
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(_CHANGES)))
def command(shell: str) -> int:
    r"""Print the script that teaches SHELL to complete commands, options, phases and services.

    It works for ./lab, for any other path to it, and for lab on the PATH. To have it in every
    new shell, write it where SHELL looks:

    \b
    bash  ./lab completion bash >> ~/.bashrc
    zsh   ./lab completion zsh >> ~/.zshrc      (after compinit)
    fish  ./lab completion fish > ~/.config/fish/completions/lab.fish
    """
    say(script(shell))
    return 0


def script(shell: str) -> str:
    """Return click's script for a shell, calling the program that was typed."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows these shells
    text = kind(click.Command(NAME), {}, NAME, VARIABLE).source()
    for old, new in _CHANGES[shell].items():
        text = text.replace(old, new)
    return text
