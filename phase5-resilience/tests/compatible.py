"""What was promised of events, and whether it still is: `python tests/compatible.py`
adds what is new to released.json, and refuses what breaks a promise."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMAS = HERE.parent / "events" / "schemas"
RELEASED = HERE / "messaging" / "released.json"

Promise = dict[str, Any]
"""Of one version: by the path of each field, what it may be, and whether it is always there."""

_WORDS = ("type", "const", "enum", "pattern", "minimum", "maximum")


def promises(documents: Mapping[str, Any]) -> dict[str, Promise]:
    """Return what schemas promise, by `$id`; `common` alone promises nothing."""
    found: dict[str, Promise] = {}
    for name, document in documents.items():
        if name != "urn:chat:common":
            found[name] = {}
            _gather(documents, name, document, "", found[name])
    return found


def broken(released: Mapping[str, Promise], present: Mapping[str, Promise]) -> list[str]:
    """Return what is promised no longer. A new version, or an optional field, breaks nothing."""
    faults = []
    for name, was in released.items():
        now = present.get(name)
        if now is None:
            faults.append(f"{name}: is gone; events of it may still lie in queues")
            continue
        for path, field in was.items():
            if path not in now:
                faults.append(f"{name}: {path} is gone")
            elif now[path] != field:
                faults.append(f"{name}: {path} was {field}, and is {now[path]}")
        faults += [
            f"{name}: {path} is required, and older events lack it"
            for path in now.keys() - was.keys()
            if now[path]["required"]
        ]
    return faults


def tree() -> dict[str, Any]:
    """Return the schemas of the tree, by `$id`."""
    found = [json.loads(file.read_bytes()) for file in sorted(SCHEMAS.glob("*.json"))]
    return {one["$id"]: one for one in found}


def _gather(
    documents: Mapping[str, Any], base: str, schema: Any, path: str, found: Promise
) -> None:
    if reference := schema.get("$ref"):
        name, _, pointer = reference.partition("#")
        base, target = name or base, documents[name or base]
        for step in pointer.strip("/").split("/") if pointer else []:
            target = target[step]
        _gather(documents, base, target, path, found)
    field = found.setdefault(path or "/", {"required": not path})
    field |= {word: schema[word] for word in _WORDS if word in schema}
    if "anyOf" in schema:
        parts: list[Promise] = [{} for _ in schema["anyOf"]]
        for one, part in zip(schema["anyOf"], parts, strict=True):
            _gather(documents, base, one, "", part)
        field["anyOf"] = parts
    for name, below in schema.get("properties", {}).items():
        _gather(documents, base, below, f"{path}/{name}", found)
    for name in schema.get("required", []):
        found.setdefault(f"{path}/{name}", {})["required"] = True
    if "items" in schema:
        _gather(documents, base, schema["items"], f"{path}/*", found)


def main() -> int:
    """Record what is new, if nothing is broken; return the exit code."""
    released, present = json.loads(RELEASED.read_text()), promises(tree())
    faults = broken(released, present)
    for fault in faults:
        print(fault)
    if not faults:
        RELEASED.write_text(json.dumps(present, indent=1, sort_keys=True) + "\n")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
