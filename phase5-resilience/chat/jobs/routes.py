"""HTTP for jobs."""

from typing import Annotated, Literal
from uuid import UUID

from flask import Blueprint, Response, jsonify, request
from pydantic import Field

from chassis import services
from chassis.errors import InvalidInput
from chassis.identity import Caller
from chassis.requests import Body, Exact, body, login_required
from chat.jobs.service import JobService

jobs = Blueprint("jobs", __name__, url_prefix="/api/v1/jobs")


class Wanted(Body):
    """`POST /jobs`."""

    kind: Literal["export", "deletion"]
    password: Annotated[Exact, Field(min_length=1, max_length=1024)] | None = None


@jobs.post("")
@login_required
def ask(caller: Caller) -> tuple[Response, int, dict[str, str]]:
    """Ask for a job."""
    wanted, service = body(Wanted), services.get(JobService)
    if wanted.kind == "export":
        job = service.export(caller)
    elif wanted.password is None:
        raise InvalidInput("password", "is required")
    else:
        job = service.delete(caller, wanted.password, request.remote_addr or "")
    return jsonify(job), 202, {"Location": f"/api/v1/jobs/{job['id']}"}


@jobs.get("")
@login_required
def read_all(caller: Caller) -> Response:
    """Read one's jobs."""
    return jsonify(items=services.get(JobService).list_of(caller))


@jobs.get("/<uuid:job_id>")
@login_required
def read_one(caller: Caller, job_id: UUID) -> Response:
    """Read how far a job is."""
    return jsonify(services.get(JobService).get(caller, str(job_id)))


@jobs.get("/<uuid:job_id>/download")
@login_required
def download(caller: Caller, job_id: UUID) -> Response:
    """Send what was exported."""
    job, parts = services.get(JobService).download(caller, str(job_id))
    headers = {
        "Content-Length": str(job["size"]),
        "Content-Disposition": 'attachment; filename="chat-export.jsonl"',
    }
    return Response(parts, mimetype="application/x-ndjson", headers=headers)
