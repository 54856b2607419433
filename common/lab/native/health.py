"""Health checks, with the timing rules of Docker's HEALTHCHECK."""

import asyncio
import os
from collections.abc import Callable
from time import monotonic

from lab.compose.model import HealthCheck
from lab.native.plan import ProcessPlan
from lab.native.process import kill_group, spawn
from lab.status import Health

_OUTPUT_LIMIT = 4096


async def watch(
    check: HealthCheck, plan: ProcessPlan, report: Callable[[Health, str], None]
) -> None:
    """Probe for ever; report each change, with the last probe's words where it failed.

    Until the first success probes run each start_interval, so that nobody waits for a service
    that is up; it counts as unhealthy when it would in Docker, which probes each interval:
    after start_period and `retries` intervals more.
    """
    started = monotonic()
    patience = check.start_period + check.retries * check.interval
    failures = 0
    succeeded = False
    health = Health.STARTING
    while True:
        young = not succeeded and monotonic() - started < patience
        await asyncio.sleep(min(check.start_interval, check.interval) if young else check.interval)
        problem = await probe(plan, check.timeout)
        if problem is None:
            succeeded, failures, now = True, 0, Health.HEALTHY
        elif succeeded:
            failures += 1
            now = Health.UNHEALTHY if failures >= check.retries else health
        else:
            now = Health.UNHEALTHY if monotonic() - started >= patience else health
        if now is not health:
            health = now
            report(health, problem or "")


async def probe(plan: ProcessPlan, timeout: float) -> str | None:  # noqa: ASYNC109 - kills a group
    """Run the check once; None if it passed, else what it said."""
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb", 0) as output:
        os.set_blocking(reader, False)
        try:
            process = await spawn(plan.probe, plan.environment, plan.cwd, writer)
        except OSError as error:
            return f"{plan.probe[0]}: {error.strerror}"
        finally:
            os.close(writer)
        try:
            async with asyncio.timeout(timeout):
                code = await process.wait()
        except TimeoutError:
            return f"no answer within {timeout:g} s"
        finally:
            kill_group(process.pid)
        said = (output.read(_OUTPUT_LIMIT) or b"").decode(errors="replace").strip()
        return None if code == 0 else said or f"the check exited with code {code}"
