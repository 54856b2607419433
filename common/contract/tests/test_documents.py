"""The two documents: valid, complete, and true to their own examples. Needs no system."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from client.documents import (
    ASYNCAPI_FILE,
    CONTRACT,
    OPENAPI_FILE,
    asyncapi,
    describe_errors,
    openapi,
    pointer_step,
    validator_of,
)
from openapi_spec_validator import validate

pytestmark = pytest.mark.offline

METHODS = {"get", "put", "post", "patch", "delete"}
PROBLEM = "application/problem+json"
DOCS = CONTRACT / "docs"
ASYNCAPI_SCHEMA = Path(__file__).parent / "schemas" / "asyncapi-3.0.0.json"


def operations() -> Iterator[tuple[str, str, Any]]:
    for path, item in openapi()["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def resolved(node: Any) -> Any:
    if "$ref" not in node:
        return node
    return openapi()["components"]["responses"][node["$ref"].rpartition("/")[2]]


def slugs_of(response: Any) -> set[str]:
    narrowed = response["content"][PROBLEM]["schema"]["allOf"][1]["properties"]["type"]
    return {value.rpartition("#")[2] for value in narrowed.get("enum", [narrowed.get("const")])}


def all_slugs() -> set[str]:
    types = openapi()["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]
    return {value.rpartition("#")[2] for value in types}


def examples_in(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Yield (pointer of the schema, example) for every media type, parameter and header."""
    if isinstance(node, dict):
        if "schema" in node:
            if "example" in node:
                yield f"{pointer}/schema", node["example"]
            for example in node.get("examples", {}).values():
                yield f"{pointer}/schema", example["value"]
        for key, child in node.items():
            if key not in {"example", "examples"}:
                yield from examples_in(child, f"{pointer}/{pointer_step(key)}")
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from examples_in(child, f"{pointer}/{index}")


def test_openapi_is_valid() -> None:
    validate(openapi())


def test_asyncapi_is_valid() -> None:
    schema = json.loads(ASYNCAPI_SCHEMA.read_text())
    faults = [
        error.message for error in jsonschema_rs.Draft7Validator(schema).iter_errors(asyncapi())
    ]
    assert not faults


def test_an_invalid_asyncapi_document_would_be_noticed() -> None:
    schema = json.loads(ASYNCAPI_SCHEMA.read_text())
    broken = asyncapi() | {"operations": {"bad": {"action": "shout", "channel": {"$ref": "#/x"}}}}
    assert not jsonschema_rs.Draft7Validator(schema).is_valid(broken)


def test_every_http_example_fits_its_schema() -> None:
    examples = list(examples_in(openapi(), ""))
    assert len(examples) > 80
    for pointer, example in examples:
        faults = describe_errors(validator_of("openapi.yaml", pointer), example)
        assert not faults, f"{pointer}:\n{faults}"


def test_every_event_example_fits_its_schema() -> None:
    for key, message in asyncapi()["components"]["messages"].items():
        assert message["examples"], key
        for example in message["examples"]:
            pointer = f"/components/messages/{key}/payload"
            faults = describe_errors(validator_of("asyncapi.yaml", pointer), example["payload"])
            assert not faults, f"{key}:\n{faults}"


def test_every_event_is_sent_by_an_operation() -> None:
    used = {
        reference["$ref"].rpartition("/")[2]
        for operation in asyncapi()["operations"].values()
        for reference in operation["messages"]
    }
    assert used == asyncapi()["components"]["messages"].keys()


def test_every_body_and_every_answer_has_an_example() -> None:
    for path, method, operation in operations():
        contents = [operation.get("requestBody", {})]
        contents += [resolved(response) for response in operation["responses"].values()]
        for content in contents:
            for media in content.get("content", {}).values():
                assert "example" in media or media.get("examples"), f"{method} {path}"


def test_every_operation_is_described_in_full() -> None:
    for path, method, operation in operations():
        where = f"{method} {path}"
        assert operation.get("summary"), where
        assert operation.get("operationId"), where
        assert operation["tags"][0] in {tag["name"] for tag in openapi()["tags"]}, where
        answers = set(operation["responses"])
        assert "500" in answers, where
        if path.startswith("/api/v1"):
            assert {"400", "429", "503"} <= answers, where
            assert "security" in operation or "401" in answers, where
        if "requestBody" in operation:
            assert {"400", "413", "415", "422"} <= answers, where
        if any("cursor" in str(parameter).lower() for parameter in operation.get("parameters", [])):
            assert "422" in answers, where


def test_every_answer_carries_the_headers_that_every_answer_carries() -> None:
    for path, method, operation in operations():
        for status, response in operation["responses"].items():
            if status == "101":
                continue
            named = resolved(response)["headers"].keys()
            assert {"X-Request-ID", "Server-Timing"} <= named, f"{method} {path} {status}"
            if status in {"429", "503"}:
                assert "Retry-After" in named, f"{method} {path} {status}"


def test_every_problem_is_answered_by_something_and_explained() -> None:
    answered = {"method-not-allowed"}  # of paths, not of operations
    for _path, _method, operation in operations():
        for response in operation["responses"].values():
            if PROBLEM in resolved(response).get("content", {}):
                answered |= slugs_of(resolved(response))
    explained = set(
        re.findall(r'class="problem" id="([a-z-]+)"', (DOCS / "problems.html").read_text())
    )
    assert answered == all_slugs()
    assert explained == all_slugs()


@pytest.mark.parametrize("page", ["index.html", "events.html", "problems.html"])
def test_pages_have_nothing_inline_and_ask_no_other_host(page: str) -> None:
    html = (DOCS / page).read_text()
    assert not re.search(r"<style|style=|\son[a-z]+=|javascript:", html)
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    links = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert links
    assert all(link.startswith(("/", "#")) and not link.startswith("//") for link in links)
    for link in links:
        name = link.removeprefix("/api/docs/")
        if link.startswith("/api/docs/") and "." in name:
            assert (DOCS / name).is_file(), link


def test_vendored_files_are_those_of_the_manifest() -> None:
    vendor = DOCS / "vendor"
    manifest = json.loads((vendor / "manifest.json").read_text())
    for package in manifest:
        directory = vendor / package["directory"]
        found = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in directory.iterdir()}
        assert found == package["files"], package["package"]
    listed = {package["directory"] for package in manifest} | {"README.md", "manifest.json"}
    assert {entry.name for entry in vendor.iterdir()} == listed


def test_the_documents_are_plain_utf8_without_tabs() -> None:
    for file in (OPENAPI_FILE, ASYNCAPI_FILE):
        assert "\t" not in file.read_text(encoding="utf-8")
