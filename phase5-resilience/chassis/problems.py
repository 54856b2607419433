"""Every error as a problem document (RFC 9457)."""

from http import HTTPStatus
from typing import NotRequired, TypedDict

import structlog
from flask import Flask, Response, json
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import HTTPException

from chassis import context, errors

log = structlog.get_logger()

STATUS: dict[type[errors.DomainError], HTTPStatus] = {
    errors.BadRequest: HTTPStatus.BAD_REQUEST,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unauthenticated: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Gone: HTTPStatus.GONE,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

FIELDS_MAX = 20
"""How many wrong fields one answer names; a client can send thousands."""

SLUGS = {
    404: "not-found",
    405: "method-not-allowed",
    413: "payload-too-large",
    415: "unsupported-media-type",
}


IN_WORDS = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "model_type": "must be a JSON object",
    "string_type": "must be text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match {pattern}",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be a list",
    "too_short": "must have at least {min_length} {unit}",
    "too_long": "must have at most {max_length} {unit}",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}
"""What is wrong with a field, by pydantic's type of the error: clients show it to people."""


class FieldError(TypedDict):
    """Which field is wrong, as a dotted path, and why."""

    field: str
    message: str


class Problem(TypedDict):
    """The body of every error."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None
    errors: NotRequired[list[FieldError]]
    retry_after: NotRequired[int]


def problem(
    status: int,
    slug: str,
    title: str,
    detail: str,
    *,
    fields: list[FieldError] | None = None,
    retry_after: int | None = None,
) -> Problem:
    """Build a problem document; `slug` is its anchor on the page of problems."""
    context.count("problem", slug)
    document = Problem(
        type=f"/api/docs/problems#{slug}",
        title=title,
        status=int(status),
        detail=detail,
        request_id=context.request_id(),
    )
    if fields:
        document["errors"] = fields
    if retry_after is not None:
        document["retry_after"] = retry_after
    return document


def respond(document: Problem, headers: dict[str, str] | None = None) -> Response:
    """Send a problem document."""
    response = Response(
        json.dumps(document),
        status=document["status"],
        content_type="application/problem+json",
        headers=headers,
    )
    if "retry_after" in document:
        response.headers["Retry-After"] = str(document["retry_after"])
    return response


def from_domain(error: errors.DomainError) -> Response:
    """Translate an error of a domain; what another service said is said again."""
    if error.told is not None:
        document = problem(
            error.told["status"],
            error.told["type"].rpartition("#")[2],
            error.told["title"],
            error.told["detail"],
            fields=error.told.get("errors"),
            retry_after=error.told.get("retry_after"),
        )
        return respond(document)
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    fields = None
    retry_after = None
    headers = None
    if isinstance(error, errors.InvalidInput):
        fields = [FieldError(field=error.field, message=error.message)]
    if isinstance(error, errors.Unavailable):
        retry_after = error.retry_after
    if isinstance(error, errors.Unauthenticated):
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    document = problem(
        status, error.slug, error.title, str(error), fields=fields, retry_after=retry_after
    )
    return respond(document, headers)


def _in_words(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    # pydantic counts what a validator of ours has returned as it counts the items of a list.
    unit = "items" if context.get("field_type") == "List" else "characters"
    return IN_WORDS.get(error["type"], error["msg"]).format(**context, unit=unit)


def from_validation(error: ValidationError) -> Response:
    """Translate a request that does not fit its schema."""
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return respond(problem(400, "malformed-json", "Malformed JSON", found[0]["msg"]))
    fields = [
        FieldError(
            field=".".join(str(part) for part in one["loc"])[:100] or "body",
            message=_in_words(one),
        )
        for one in found[:FIELDS_MAX]
    ]
    detail = "; ".join(f"{one['field']}: {one['message']}" for one in fields[:3])
    return respond(problem(422, "invalid-request", "Invalid request", detail, fields=fields))


def from_http(error: HTTPException) -> Response:
    """Translate what Flask and Werkzeug refuse by themselves, such as an unknown path."""
    status = error.code or 500
    slug = SLUGS.get(status, "bad-request" if status < 500 else "internal-error")
    if slug == "bad-request":
        status = 400
    response = respond(problem(status, slug, error.name, error.description or error.name))
    kept = [(name, value) for name, value in error.get_headers() if name == "Allow"]
    response.headers.extend(kept)
    return response


def from_fault(error: Exception) -> Response:
    """Log a fault of ours in full and tell the client nothing but the id to ask about."""
    log.error("http.fault", exc_info=error)
    detail = "Something went wrong on our side. Please quote the request id."
    return respond(problem(500, "internal-error", "Internal error", detail))


def register(app: Flask) -> None:
    """Install the translations."""
    app.register_error_handler(errors.DomainError, from_domain)
    app.register_error_handler(ValidationError, from_validation)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Exception, from_fault)
