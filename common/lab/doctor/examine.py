"""Everything that `lab doctor` looks at, in one report."""

from lab.doctor import browser, engines, leftovers, machine, needs
from lab.doctor.report import Report


def examine() -> Report:
    """Look at all of it; changes nothing."""
    found = engines.look()
    return Report(
        engines=found,
        machine=machine.look(),
        ports=machine.ports(),
        phases=needs.look(found),
        browser=browser.look(),
        leftovers=leftovers.look(),
    )
