"""Copies of configuration files, with the addresses and paths of this machine."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from lab.errors import RefusedError
from lab.native.rewrite import Rewriter


def render(text: str, rewrite: Rewriter, replicas: Mapping[str, Sequence[str]]) -> str:
    """Rewrite a file line by line.

    A line that names the address of a service with several replicas is repeated for each: what
    one name with several addresses means to those that read such files.
    """
    return "".join(
        rewrite(line, stand_ins)
        for line in text.splitlines(keepends=True)
        for stand_ins in _choices(rewrite.hosts(line), replicas)
    )


def _choices(
    hosts: Sequence[str], replicas: Mapping[str, Sequence[str]]
) -> Iterator[dict[str, str]]:
    """Yield every way of choosing one replica of each host."""
    for chosen in product(*(replicas[host] for host in hosts)):
        yield dict(zip(hosts, chosen, strict=True))


def texts(source: Path) -> Iterator[tuple[Path, str]]:
    """Yield the text of a file, or of each file in a directory, with its path relative to it."""
    files = [source] if source.is_file() else sorted(filter(Path.is_file, source.rglob("*")))
    for file in files:
        try:
            yield file.relative_to(source), file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise RefusedError(
                f"x-lab.render: {file} is no text, so no addresses in it can be rewritten"
            ) from None
