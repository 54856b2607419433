"""What Alertmanager's webhook says, and the words for people."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ALERTS_MAX = 100
"""In one notification; Alertmanager is told the same."""
BODY_MAX = 2000
"""Characters of a message: much less than the chat takes."""

Texts = Annotated[Mapping[str, str], Field(max_length=64)]


class Alert(BaseModel):
    """One alert, as it begins or ends. Whatever else is said of it does not matter here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    status: Literal["firing", "resolved"]
    labels: Texts
    annotations: Texts
    starts_at: Annotated[datetime, Field(alias="startsAt")]
    fingerprint: Annotated[str, Field(min_length=1, max_length=64)]

    @property
    def name(self) -> str:
        """Return what the rule is called."""
        return self.labels.get("alertname", "(no name)")

    @property
    def client_id(self) -> str:
        """Return the id to send it under: the same however often Alertmanager says it."""
        said = f"{self.fingerprint} {self.starts_at.isoformat()} {self.status}"
        return str(uuid.uuid5(uuid.NAMESPACE_OID, said))

    def text(self) -> str:
        """Return it in words."""
        since = f"since {self.starts_at:%H:%M:%S %Z}"
        if self.status == "resolved":
            head = f"\N{LARGE GREEN CIRCLE} {self.name} is over ({since})"
            return f"{head}: {self.annotations.get('summary', '')}"[:BODY_MAX]
        severity = self.labels.get("severity", "page")
        lines = [
            f"\N{LARGE RED CIRCLE} {self.name} ({severity}, {since}): "
            + self.annotations.get("summary", ""),
            f"What to do: {self.annotations.get('runbook_url', 'there is no page')}",
        ]
        return "\n".join(lines)[:BODY_MAX]


class Notification(BaseModel):
    """The body of a request of Alertmanager's."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    alerts: Annotated[list[Alert], Field(max_length=ALERTS_MAX)]
