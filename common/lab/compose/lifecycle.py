"""When a service starts, counts as up, starts again and stops."""

import signal

from lab.compose.model import Condition, HealthCheck, Restart, RestartMode
from lab.compose.section import Section, argv, duration, integer, listing, refuse, text
from lab.compose.yamlfile import Location

IGNORED_IN_DEPLOY = ("resources",)
FIRST_PROBES = 0.25  # seconds; compose.yaml files leave it out: engines before 25.0 refuse it


def health_check(value: object, where: Location) -> HealthCheck | None:
    """Read a health check; None if there is none, or it is switched off."""
    if value is None:
        return None
    section = Section(value, where)
    disabled, _ = section.take("disable")
    raw, place = section.take("test")
    check = HealthCheck(
        test=(),
        shell=False,
        interval=duration(*section.take("interval"), default=30.0),
        timeout=duration(*section.take("timeout"), default=30.0),
        retries=3 if (taken := section.take("retries"))[0] is None else integer(*taken),
        start_period=duration(*section.take("start_period"), default=0.0),
        start_interval=duration(*section.take("start_interval"), default=FIRST_PROBES),
    )
    section.done()
    if disabled is True or raw in (["NONE"], "NONE"):
        return None
    if isinstance(raw, str):
        raw = ["CMD-SHELL", raw]
    kind, *test = argv(raw, place) or ("",)
    if kind not in ("CMD", "CMD-SHELL") or not test or (kind == "CMD-SHELL" and len(test) != 1):
        raise refuse(place, 'expected ["CMD", …], ["CMD-SHELL", "…"], ["NONE"] or one line')
    return HealthCheck(**{**vars(check), "test": tuple(test), "shell": kind == "CMD-SHELL"})


def depends_on(value: object, where: Location) -> tuple[dict[str, Condition], frozenset[str]]:
    """Read what must have been reached by whom, and which of those may be missing."""
    if isinstance(value, list):
        names = [text(item, place) for item, place in listing(value, where)]
        return dict.fromkeys(names, Condition.STARTED), frozenset()
    result = {}
    optional = set()
    for name, options, place in Section(value, where).items():
        section = Section(options, place)
        condition, condition_place = section.take("condition")
        required, _ = section.take("required")
        section.done()
        raw = text("service_started" if condition is None else condition, condition_place)
        if raw not in list(Condition):
            raise refuse(condition_place, f"expected one of {', '.join(Condition)}, not {raw!r}")
        result[name] = Condition(raw)
        optional |= {name} if required is False else set()
    return result, frozenset(optional)


def restart(value: object, where: Location) -> Restart:
    """Read a restart policy."""
    if value is None:
        return Restart()
    raw, _, retries = text(value, where).partition(":")
    if raw not in list(RestartMode) or (retries and raw != RestartMode.ON_FAILURE):
        raise refuse(where, f"expected one of {', '.join(RestartMode)}, not {raw!r}")
    return Restart(RestartMode(raw), integer(retries, where) if retries else None)


def replicas(value: object, where: Location) -> int:
    """Read `deploy`, of which the number of replicas counts."""
    deploy = Section(value, where)
    deploy.skip(IGNORED_IN_DEPLOY)
    raw, place = deploy.take("replicas")
    deploy.done()
    number = 1 if raw is None else integer(raw, place)
    if number < 1:
        raise refuse(place, "the native engine runs at least one of each service")
    return number


def stop_signal(value: object, where: Location) -> str | None:
    """Read a signal's name or number; None: what the image says."""
    if value is None:
        return None
    raw = text(value, where).upper()
    if raw.isdecimal() and int(raw) in list(signal.Signals):
        return signal.Signals(int(raw)).name
    name = raw if raw.startswith("SIG") else f"SIG{raw}"
    if name not in signal.Signals.__members__:
        raise refuse(where, f"there is no signal {raw!r}")
    return name
