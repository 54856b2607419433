"""What processes tell each other: anybody can read it."""

from typing import Any

import jsonschema
import pytest
from client import Api

pytestmark = pytest.mark.capability("event-schemas")


@pytest.mark.short
def test_they_are_json_schemas_each_with_a_name_of_its_own(api: Api) -> None:
    schemas: list[dict[str, Any]] = api.page("/api/schemas.json").json()
    for one in schemas:
        jsonschema.Draft202012Validator.check_schema(one)
    names = [one["$id"] for one in schemas]
    assert len(names) == len(set(names))
    assert any(name.startswith("urn:chat:conversation.message.created.v") for name in names)
