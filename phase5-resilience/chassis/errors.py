"""What can go wrong, in the words of the domains; `chassis.problems` says it in HTTP."""

from collections.abc import Mapping
from typing import Any, ClassVar


class DomainError(Exception):
    """Anything a caller is told about. `slug` names the problem type in the contract."""

    slug: ClassVar[str]
    title: ClassVar[str]
    told: Mapping[str, Any] | None = None
    """The problem document of another service, if it is one that is passed on."""


class BadRequest(DomainError):
    """The request cannot be read as what it should be."""

    slug = "bad-request"
    title = "Bad request"


class InvalidInput(DomainError):
    """One field of the input is well-formed but wrong, such as a person who does not exist."""

    slug = "invalid-request"
    title = "Invalid request"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Unauthenticated(DomainError):
    """The caller did not show who they are, or what they showed is no longer valid."""

    slug = "unauthenticated"
    title = "Not logged in"


class Forbidden(DomainError):
    """The caller is known, may see the thing, and may not do this to it."""

    slug = "forbidden"
    title = "Not allowed"


class NotFound(DomainError):
    """There is no such thing, or the caller may not know that there is."""

    slug = "not-found"
    title = "Not found"


class Gone(DomainError):
    """It was there, and will not come back."""


class Conflict(DomainError):
    """The request makes sense, but not in the present state."""


class Unavailable(DomainError):
    """Not now. `retry_after` is in whole seconds."""

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class RateLimited(Unavailable):
    """Not so often."""

    slug = "rate-limited"
    title = "Too many requests"


class Overloaded(Unavailable):
    """A bounded resource is taken."""

    slug = "overloaded"
    title = "Too busy"


class Busy(Unavailable):
    """The database did not let the caller in within its time-out."""

    slug = "busy"
    title = "Database busy"


class Away(Busy):
    """There is no database at the other end, or not yet."""


class StorageFull(Unavailable):
    """The disk takes no more. Nothing was written; reading goes on."""

    slug = "storage-full"
    title = "Storage full"


class ReadOnly(Unavailable):
    """Somebody has switched writing off."""

    slug = "read-only"
    title = "Read-only"


class NotReady(Unavailable):
    """The process runs, but should get no new work."""

    slug = "not-ready"
    title = "Not ready"
