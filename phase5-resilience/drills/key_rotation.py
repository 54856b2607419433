"""Keys that sign access tokens are replaced while people send; then one is said to be stolen."""

import time
from base64 import urlsafe_b64decode
from json import loads
from typing import Any

from drill.client import PASSWORD, Person, Refused
from drill.definition import Drill
from drill.stage import Stage

ROTATIONS = 3
APART = 4.0
"""Seconds; longer than a key is published before it signs."""
NOTICED = 2.0
"""Seconds after which what was signed with a stolen key must be worth nothing."""


class Device:
    """A login with both of its tokens."""

    def __init__(self, url: str, name: str) -> None:
        self._person = Person(url, name)
        body = {"username": name, "password": PASSWORD}
        self.tokens: Any = self._person.call("POST", "/auth/login", body)

    @property
    def kid(self) -> str:
        """The id of the key that has signed its access token."""
        header = self.tokens["access_token"].split(".")[0]
        return str(loads(urlsafe_b64decode(header + "=="))["kid"])

    def works(self) -> bool:
        """Return whether the access token is taken."""
        self._person.token = self.tokens["access_token"]
        try:
            self._person.call("GET", "/profiles/me")
        except Refused as refusal:
            if refusal.status != 401:
                raise
            return False
        return True

    def refresh(self) -> None:
        """Get the next pair."""
        self._person.token = ""
        body = {"refresh_token": self.tokens["refresh_token"]}
        self.tokens = self._person.call("POST", "/auth/refresh", body)


def run(stage: Stage) -> None:
    """Rotate in the calm way, then in the other, and see whom it throws out."""
    name = stage.people(1)[0].name
    devices = [Device(stage.url, name)]
    with stage.load(rate=40) as circles:
        for _ in range(ROTATIONS):
            stage.timeline.mark("a new key")
            stage.ask("auth", "python", "-m", "auth.cli", "--quiet", "rotate-keys")
            stage.wait(APART)
            devices.append(Device(stage.url, name))
    kids = {device.kid for device in devices}
    stage.claim("each rotation brought another key", holds=len(kids) > ROTATIONS, of=len(devices))
    good = sum(device.works() for device in devices)
    words = "tokens that earlier keys have signed are good"
    stage.claim(words, holds=good == len(devices), of=len(devices))
    refused = [one for one in stage.timeline.samples if "401" in one.error]
    stage.number("requests refused meanwhile", len(refused), "")
    sent = len(stage.timeline.samples)
    stage.claim("nobody who sent was turned away", holds=not refused, of=sent)
    _steal(stage, devices)
    for member in {one for circle in circles for one in circle.members}:
        member.token = Person.log_in(stage.url, member.name, PASSWORD).token  # to read it all


def _steal(stage: Stage, devices: list[Device]) -> None:
    stage.timeline.mark("every key but a new one is forgotten")
    stage.ask("auth", "python", "-m", "auth.cli", "--quiet", "rotate-keys", "--forget")
    began = time.monotonic()
    while any(device.works() for device in devices) and time.monotonic() < began + 2 * NOTICED:
        time.sleep(0.02)
    took = time.monotonic() - began
    stage.number("until tokens of a stolen key were refused", took, "s")
    stage.claim("they were within 2 s", holds=took <= NOTICED, of=len(devices))
    for device in devices:
        device.refresh()
    back = sum(device.works() for device in devices)
    stage.claim("a refresh mends it: nobody is logged out", holds=back == len(devices), of=back)


DRILL = Drill(
    name="key-rotation",
    question="The keys that sign access tokens are replaced while people send, and in the end "
    "taken back at once. Who is logged out?",
    run=run,
    sends=200,
    alone=True,
)
