"""Reading requests: who sends it, the JSON body, the query string, each typed or not at all."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Concatenate, ParamSpec, TypeVar

from flask import request
from gunicorn.http.errors import ParseException
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from werkzeug.exceptions import UnsupportedMediaType

from chassis import context, services, text
from chassis.errors import BadRequest, InvalidInput
from chassis.identity import HEADER, Caller, Identities
from chassis.limits import BATCH_MAX, PAGE_MAX

Model = TypeVar("Model", bound=BaseModel)
Given = ParamSpec("Given")
Answer = TypeVar("Answer")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INTEGER = re.compile(r"-?[0-9]{1,17}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Body(BaseModel):
    """The base of every request body: strict about types, and unknown fields are mistakes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Query(BaseModel):
    """The base of every query string; its values arrive as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_line(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return value


def _several_lines(value: str) -> str:
    if _CONTROL_IN_TEXT.search(value):
        raise ValueError("must not contain control characters other than tab and line ends")
    return value


def not_blank(value: str) -> str:
    """Return the value; `ValueError` if nothing of it shows."""
    if not text.has_something_to_see(value):
        raise ValueError("must not be blank")
    return value


def _written_integer(value: object) -> object:
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise ValueError("must be a whole number")
    return value


def _uuid(value: str) -> str:
    if not _UUID.fullmatch(value):
        raise ValueError("must be an id: a lower-case UUID")
    return value


def _split(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


Exact = Annotated[str, AfterValidator(_one_line)]
"""One line, taken as it is: a password may begin with a space."""
Line = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_one_line)]
Name = Annotated[Line, AfterValidator(text.name)]
Text = Annotated[str, AfterValidator(_several_lines), AfterValidator(text.text)]
Id = Annotated[str, AfterValidator(_uuid)]
QueryInt = Annotated[int, BeforeValidator(_written_integer)]
IdList = Annotated[list[Id], Field(min_length=1, max_length=BATCH_MAX), BeforeValidator(_split)]


class IdsQuery(Query):
    """`?ids=a,b,c`."""

    ids: IdList


class PageQuery(Query):
    """`?limit=&cursor=`."""

    limit: QueryInt = Field(50, ge=1, le=PAGE_MAX)
    cursor: str | None = Field(None, max_length=512)


def login_required(view: Callable[Concatenate[Caller, Given], Answer]) -> Callable[Given, Answer]:
    """Give a view its caller; `Unauthenticated` when the gateway vouches for nobody."""

    @wraps(view)
    def with_caller(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        caller = services.get(Identities).caller(request.headers.get(HEADER, ""))
        context.bind(user_id=caller.user_id)
        return view(caller, *args, **kwargs)

    return with_caller


def body(model: type[Model]) -> Model:
    """Return the request's JSON body as `model`; anything else becomes a problem document."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    try:
        sent = request.get_data(cache=False)
        if request.content_length is None:
            # A chunked body is cut at the limit, silently; reading on tells whether there was more.
            request.stream.read(1)
    except ParseException as error:
        raise BadRequest("The chunks of the body cannot be read.") from error
    return model.model_validate_json(sent)


def query(model: type[Model]) -> Model:
    """Return the query string as `model`; a parameter that is given twice is a mistake."""
    values = request.args.to_dict(flat=False)
    for name, given in values.items():
        if len(given) > 1:
            raise InvalidInput(name, "must be given once")
    return model.model_validate({name: given[0] for name, given in values.items()})
