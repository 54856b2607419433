"""`ports` and `expose`."""

from lab.compose.model import Port
from lab.compose.section import Section, listing, port_number, refuse, text
from lab.compose.yamlfile import Location

LOOPBACK = "127.0.0.1"


def parse_ports(value: object, where: Location) -> tuple[Port, ...]:
    """Read what is published; each port of the service in one place."""
    ports: dict[int, Port] = {}
    for item, place in listing(value, where):
        port = _port(item, place)
        if port.target in ports:
            raise refuse(place, f"port {port.target} is published twice; natively it has one place")
        ports[port.target] = port
    return tuple(ports.values())


def exposed(value: object, where: Location) -> tuple[int, ...]:
    """Read what other services may reach: natively that is whatever they mention."""
    numbers = []
    for item, place in listing(value, where):
        raw, _, protocol = text(item, place).partition("/")
        _tcp_only(protocol, place)
        numbers.append(port_number(raw, place))
    return tuple(numbers)


def _port(value: object, where: Location) -> Port:
    if isinstance(value, dict):
        section = Section(value, where)
        section.skip(("name", "app_protocol"))
        target = port_number(*section.take("target"))
        raw, place = section.take("published")
        host_ip, _ = section.take("host_ip")
        protocol, _ = section.take("protocol")
        section.done()
        first = "" if raw is None else str(raw)
    else:
        place = where
        short, _, protocol = text(value, where).partition("/")
        host_ip, _, ports = short.rpartition(":")
        host_ip, _, first = host_ip.rpartition(":") if ":" in host_ip else ("", "", host_ip)
        if "." in first:  # ip::target, any published port
            host_ip, first = first, ""
        target = port_number(ports, where)
    _tcp_only(protocol, where)
    if host_ip != LOOPBACK:
        raise refuse(where, f'publish on loopback only, like "{LOOPBACK}:8000:8000"')
    first, is_range, _ = first.partition("-")
    published = port_number(first, place) if first else None
    return Port(target, published, bool(is_range))


def _tcp_only(protocol: object, where: Location) -> None:
    if protocol not in (None, "", "tcp"):
        raise refuse(where, f"the native engine publishes tcp only, not {protocol}")
