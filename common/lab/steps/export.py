"""The path as a git repository: one commit per step, one tag per phase, the same every time."""

from pathlib import Path

from lab.errors import UsageError
from lab.steps.commits import Point, points
from lab.steps.git import Git
from lab.steps.route import Trees
from lab.steps.store import Store
from lab.steps.verify import require

BRANCH = "main"
EXPORTED = "refs/lab/exported"  # where an export remembers what it was made of
_AUTHOR = "lab history"
_EMAIL = "history@localhost"
_FIRST_DATE = 946684800  # 2000-01-01, and a minute later for each commit


def export(trees: Trees, directory: Path) -> list[str]:
    """Write the whole path into a new repository; returns one line per commit. Raises LabError."""
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} is not empty", "name a directory that does not exist yet")
    store, route = trees.store, trees.route
    if not route.phases:
        raise UsageError("there is no phase to export")
    require(trees)
    path = points(trees)
    commits = _commit(store, path)
    directory.mkdir(parents=True, exist_ok=True)
    git = Git(directory)
    git("init", "--quiet", f"--initial-branch={BRANCH}", ".")
    refs = {f"refs/heads/{BRANCH}": commits[-1], EXPORTED: commits[-1]}
    names = [point.name for point in path]
    for phase in route.phases:
        latest = phase.steps[-1].name if phase.steps else "0"
        refs[f"refs/tags/phase{phase.number}"] = commits[names.index(latest)]
    for ref, commit in refs.items():
        store.git("update-ref", ref, commit)
    specs = [f"{ref}:{ref}" for ref in refs]
    git("fetch", "--quiet", "--update-head-ok", store.git.directory, *specs)
    # Amending works without an identity of one's own; import never reads it.
    for key, value in {"user.name": _AUTHOR, "user.email": _EMAIL}.items():
        git("config", key, value)
    git("config", "advice.detachedHead", "false")
    git("config", "core.autocrlf", "false")
    git("reset", "--quiet", "--hard", BRANCH)
    return [point.message.split("\n", 1)[0] for point in path]


def _commit(store: Store, path: list[Point]) -> list[str]:
    commits: list[str] = []
    for minute, point in enumerate(path):
        date = f"{_FIRST_DATE + 60 * minute} +0000"
        who = {"NAME": _AUTHOR, "EMAIL": _EMAIL, "DATE": date}
        environment = {
            f"GIT_{role}_{key}": value
            for role in ("AUTHOR", "COMMITTER")
            for key, value in who.items()
        }
        parent = ["-p", commits[-1]] if commits else []
        made = store.git(
            "commit-tree",
            *parent,
            point.tree,
            stdin=point.message.encode(),
            environment=environment,
        )
        commits.append(made.decode().strip())
    return commits
