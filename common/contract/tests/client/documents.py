"""openapi.yaml and asyncapi.yaml as something that answers and events can be held against."""

import copy
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

CONTRACT = Path(__file__).resolve().parents[2]
OPENAPI_FILE = CONTRACT / "openapi.yaml"
ASYNCAPI_FILE = CONTRACT / "asyncapi.yaml"

# References between the documents are relative, so they need addresses side by side.
_OPENAPI = "contract:/openapi.yaml"
_ASYNCAPI = "contract:/asyncapi.yaml"

_EVERYWHERE = ("X-Request-ID", "Server-Timing")
"""Headers that even a page outside the API carries."""

_SHOWN = 600
"""Characters of a wrong answer that a failure shows."""


class ContractViolation(AssertionError):
    """The system said something that the contract does not allow."""


@cache
def openapi() -> Any:
    """Return openapi.yaml, parsed."""
    return _load(OPENAPI_FILE)


@cache
def asyncapi() -> Any:
    """Return asyncapi.yaml, parsed."""
    return _load(ASYNCAPI_FILE)


def check_answer(
    method: str, path: str, status: int, headers: Mapping[str, str], body: object
) -> None:
    """Hold an HTTP answer against openapi.yaml.

    `path` is the path of the URL, still percent-encoded; `body` is the parsed JSON, None if there
    is no body, or text that is no JSON. Raises `ContractViolation`.
    """
    where = f"{method} {path} → {status}"
    pointer, response = _documented_response(where, method, path, status)
    _check_headers(where, response, headers)
    content = response.get("content")
    if content is None:
        if body is not None:
            raise ContractViolation(f"{where}: has a body, documented without one")
        return
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in content:
        raise ContractViolation(f"{where}: is {media_type or 'untyped'}, documented: {[*content]}")
    _check_body(where, f"{pointer}/content/{pointer_step(media_type)}/schema", body)
    if media_type == "application/problem+json":
        _check_problem(where, status, headers, body)


def check_page(path: str, headers: Mapping[str, str]) -> None:
    """Check what every answer carries, for pages and files that openapi.yaml does not list."""
    for name in _EVERYWHERE:
        component = "RequestId" if name == "X-Request-ID" else "ServerTiming"
        _check_header(f"GET {path}", name, openapi()["components"]["headers"][component], headers)


def check_event(name: str, arguments: tuple[Any, ...]) -> None:
    """Hold a Socket.IO event from the system against asyncapi.yaml. Raises `ContractViolation`."""
    key = _event_messages().get(name)
    if key is None:
        raise ContractViolation(f"event {name!r} is not documented")
    if len(arguments) != 1:
        raise ContractViolation(f"event {name!r} has {len(arguments)} arguments, documented: one")
    validator = _validator(f"{_ASYNCAPI}#/components/messages/{key}/payload")
    _validate(f"event {name!r}", validator, arguments[0])


def validator_of(document: str, pointer: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of the schema at `pointer` in `openapi.yaml` or `asyncapi.yaml`."""
    return _validator(f"contract:/{document}#{pointer}")


def describe_errors(validator: jsonschema_rs.Draft202012Validator, value: object) -> str:
    """Return what is wrong with `value`, one fault per line, or an empty string."""
    faults = validator.iter_errors(value)
    places = ((".".join(map(str, fault.instance_path)) or "top", fault.message) for fault in faults)
    return "\n".join(f"  at {place}: {message}" for place, message in places)


def _load(file: Path) -> Any:
    with file.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _documented_response(where: str, method: str, path: str, status: int) -> tuple[str, Any]:
    """Return the JSON pointer and the document of the response that was answered."""
    template = _template(path)
    if template is None:
        return _component_response(where, "NotFound", status, 404)
    operations = openapi()["paths"][template]
    if method.lower() not in operations:
        return _component_response(where, "MethodNotAllowed", status, 405)
    responses = operations[method.lower()]["responses"]
    if str(status) not in responses:
        raise ContractViolation(f"{where}: undocumented status; documented: {[*responses]}")
    found = responses[str(status)]
    if "$ref" in found:
        name = found["$ref"].rpartition("/")[2]
        return _component_response(where, name, status, status)
    return f"/paths/{pointer_step(template)}/{method.lower()}/responses/{status}", found


def _component_response(where: str, name: str, status: int, expected: int) -> tuple[str, Any]:
    if status != expected:
        raise ContractViolation(f"{where}: expected {expected} ({name})")
    return f"/components/responses/{name}", openapi()["components"]["responses"][name]


def _check_headers(where: str, response: Any, headers: Mapping[str, str]) -> None:
    for name, reference in response.get("headers", {}).items():
        component = reference["$ref"].rpartition("/")[2]
        _check_header(where, name, openapi()["components"]["headers"][component], headers)


def _check_header(where: str, name: str, header: Any, headers: Mapping[str, str]) -> None:
    value = headers.get(name)
    if value is None:
        raise ContractViolation(f"{where}: header {name} is missing")
    schema = header["schema"]
    typed: str | int = int(value) if schema.get("type") == "integer" and value.isdigit() else value
    pointer = (
        f"{_OPENAPI}{schema['$ref']}" if "$ref" in schema else f"{_OPENAPI}#{_pointer_to(header)}"
    )
    _validate(f"{where}: header {name}", _validator(pointer), typed)


def _pointer_to(header: Any) -> str:
    headers = openapi()["components"]["headers"]
    name = next(name for name, one in headers.items() if one is header)
    return f"/components/headers/{name}/schema"


def _check_body(where: str, pointer: str, body: object) -> None:
    _validate(where, _validator(f"{_OPENAPI}#{pointer}"), body)


def _check_problem(where: str, status: int, headers: Mapping[str, str], problem: Any) -> None:
    """Check what a schema cannot say: that the body repeats the status line and the headers."""
    for name, stated in (
        ("status", status),
        ("request_id", headers["X-Request-ID"]),
        ("retry_after", int(headers["Retry-After"]) if "Retry-After" in headers else None),
    ):
        if problem.get(name) != stated:
            raise ContractViolation(f"{where}: {name} is {problem.get(name)}, outside: {stated}")


def _validate(what: str, validator: jsonschema_rs.Draft202012Validator, value: object) -> None:
    if not validator.is_valid(value):
        faults = describe_errors(validator, value)
        raise ContractViolation(f"{what} breaks its schema:\n{faults}\n  in {str(value)[:_SHOWN]}")


@cache
def _validator(uri: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": uri}, registry=_registry(), validate_formats=True
    )


@cache
def _registry() -> jsonschema_rs.Registry:
    documents = [(_OPENAPI, _closed(openapi())), (_ASYNCAPI, _closed(asyncapi()))]
    return jsonschema_rs.Registry(documents, draft=jsonschema_rs.Draft202012)


def _closed(document: Any) -> Any:
    """Return the document with every object schema closed: a field without a name in it is a fault.

    The documents leave them open because clients must ignore what they do not know; the systems
    that this suite tests must have everything they send written down.
    """
    closed = copy.deepcopy(document)
    for schema in _objects(closed):
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return closed


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    children: list[Any] = []
    if isinstance(node, dict):
        yield node
        children = list(node.values())
    elif isinstance(node, list):
        children = node
    for child in children:
        yield from _objects(child)


@cache
def _event_messages() -> dict[str, str]:
    """Return, by event name, the keys of the messages that the system sends."""
    found = {}
    for operation in asyncapi()["operations"].values():
        if operation["action"] != "send":
            continue
        for reference in operation["messages"]:
            key = reference["$ref"].rpartition("/")[2]
            found[asyncapi()["components"]["messages"][key]["name"]] = key
    return found


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Return the paths as patterns, those with fewer parameters first: /me before /{user_id}."""
    paths = sorted(openapi()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in paths]


def _template(path: str) -> str | None:
    return next((template for pattern, template in _templates() if pattern.fullmatch(path)), None)


def pointer_step(part: str) -> str:
    """Return `part` as one step of a JSON pointer inside a URI fragment."""
    pointer = part.replace("~", "~0").replace("/", "~1")
    return pointer.replace("{", "%7B").replace("}", "%7D")
