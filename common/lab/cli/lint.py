"""`lab lint`."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from lab import lockfile
from lab.cli.console import say
from lab.errors import FAILED
from lab.paths import ROOT

OWN = ("common/*", "common/*/tests/*", "phase*/*", "phase*/**/tests/*", "phase*/services/*/*")
"""Where the tree's own modules begin."""


@dataclass(frozen=True)
class Check:
    """One program to run over a part of the tree."""

    name: str
    argv: list[str]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@click.command("lint")
@click.option("--fix", is_flag=True, help="Mend and format what ruff can, then check.")
def command(*, fix: bool) -> int:
    """Check the tree as CI does: ruff, its formatter, mypy, imports, schemas and the lock.

    mypy runs over common/ and over each phase by itself, because every phase has packages
    of the same names. What a phase's modules may import, its pyproject.toml says.
    """
    if fix:
        _run(Check("ruff --fix", [*_ruff("check"), "--fix", "--quiet"], ROOT))
        _run(Check("ruff format", _ruff("format"), ROOT))
    failed = [check.name for check in _checks() if not _run(check)]
    for problem in lockfile.behind():
        failed.append("lock")
        say(f"{problem}; run ./lab lock")
    if failed:
        say(f"\nnot clean: {', '.join(dict.fromkeys(failed))}")
        return FAILED
    return 0


def _checks() -> Iterator[Check]:
    yield Check("ruff check", _ruff("check"), ROOT)
    yield Check("ruff format", [*_ruff("format"), "--check"], ROOT)
    yield _schema("compose-spec", sorted(ROOT.glob("phase*/compose.yaml")))
    yield _schema("github-workflows", sorted(ROOT.glob(".github/workflows/*.yml")))
    for part in sorted((ROOT / "common").glob("*/")):
        if next(part.rglob("*.py"), None) is not None:
            yield _mypy(part.name, part.parent, [part.name], part / "tests")
    for phase in sorted(ROOT.glob("phase*/")):
        # Services by themselves: each has tests and migrations of the same names.
        modules = {file.relative_to(phase).parts[0] for file in phase.rglob("*.py")} - {"services"}
        named = [name for name in sorted(modules) if name.removesuffix(".py").isidentifier()]
        if named:
            yield _mypy(phase.name, phase, named, phase / "tests")
        for service in sorted(phase.glob("services/*/")):
            name, own = f"{phase.name}-{service.name}", [service.name, "tests"]
            more = (phase, service / "tests")
            yield _mypy(name, service, own, phase / "tests", *more, cache=phase.name)
        if "[tool.importlinter]" in _read(phase / "pyproject.toml"):
            yield _imports(phase)


def _ruff(*words: str) -> list[str]:
    return [sys.executable, "-m", "ruff", *words]


def _schema(name: str, files: list[Path]) -> Check:
    """Hold files against a published JSON Schema that check-jsonschema brings."""
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{name}"]
    return Check(f"schema {name}", [*argv, *map(str, files)], ROOT)


def _mypy(
    name: str, cwd: Path, modules: list[str], tests: Path, *more: Path, cache: str = ""
) -> Check:
    """Check modules below cwd; a tests directory that is no package is an import root.

    So is common/, which a phase's drills import. `cache`: the part whose modules it shares.
    """
    argv = [sys.executable, "-m", "mypy", "--explicit-package-bases"]
    argv += ["--config-file", str(ROOT / "pyproject.toml")]
    argv += ["--cache-dir", str(_cache(cache or name))]
    roots = [cwd, *more, *sorted(cwd.glob("services/*/")), ROOT / "common"]
    bases = roots if (tests / "__init__.py").is_file() else [*roots, tests]
    return Check(f"mypy {name}", [*argv, *modules], cwd, {"MYPYPATH": ":".join(map(str, bases))})


def _imports(phase: Path) -> Check:
    """Hold a phase's imports against the contracts in its pyproject.toml."""
    program = str(Path(sys.executable).with_name("lint-imports"))
    argv = [program, "--no-cache", "--no-logo", "pyproject.toml"]
    roots = [phase, *sorted(phase.glob("services/*/"))]
    return Check(f"imports {phase.name}", argv, phase, {"PYTHONPATH": ":".join(map(str, roots))})


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _cache(name: str) -> Path:
    """Return where mypy keeps what it knows of a part.

    A new one begins with another part's, which knows the packages that both import. The tree's own
    modules are left out: mypy takes a file of the same name, size and second for the one it knows.
    """
    cache = ROOT / ".mypy_cache" / name
    others = [one for one in cache.parent.glob("*/") if one != cache]
    if others and not cache.exists():
        newest = max(others, key=lambda one: one.stat().st_mtime)
        own = {path.stem for pattern in OWN for path in ROOT.glob(pattern)}

        def left_out(_directory: str, names: list[str]) -> set[str]:
            return {name for name in names if name.partition(".")[0] in own}

        # Linked: mypy replaces files, never edits.
        shutil.copytree(newest, cache, copy_function=os.link, ignore=left_out)
    return cache


def _run(check: Check) -> bool:
    began = time.monotonic()
    environment = {**os.environ, **check.environment}
    done = subprocess.run(
        check.argv, cwd=check.cwd, env=environment, capture_output=True, text=True, check=False
    )
    well = done.returncode == 0
    word = click.style("ok", fg="green") if well else click.style("failed", fg="red")
    say(f"{check.name:<24} {word}  {time.monotonic() - began:.1f} s")
    if not well:
        say(done.stdout + done.stderr)
    return well
