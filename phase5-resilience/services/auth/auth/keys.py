"""The keys that sign access tokens: made, published, used, replaced, forgotten, in this order.

The gateway pulls the public ones all the time. A key signs only when the gateway has it, and is
published until everything that it has signed is over: so a rotation is noticed by nobody.
"""

import time
from contextlib import suppress
from functools import lru_cache
from typing import Any, TypedDict, cast

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from jwt.algorithms import ECAlgorithm
from sqlalchemy import Connection, delete, insert, select

from auth.models import SigningKey
from chassis.clock import now_ms
from chassis.database import Database
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.limits import ACCESS_TTL_MAX

_ROW = SigningKey.__table__.c


class Signing(TypedDict):
    """What `Keys` is made with. Durations are in seconds."""

    secret: bytes
    """What private keys are encrypted with."""
    lead: float
    """How long a key is published before it signs."""
    age: float
    """How old a key gets before the next one is made."""


class Keys:
    """In the database, for every process the same; the private half is encrypted there."""

    def __init__(self, database: Database, secret: bytes, lead: float, age: float) -> None:
        self._database = database
        self._secret = secret
        self._lead_ms, self._age_ms = int(lead * 1000), int(age * 1000)
        self._opened = lru_cache(maxsize=8)(self._open)

    def signer(self, connection: Connection) -> tuple[str, ec.EllipticCurvePrivateKey]:
        """Return the id of the key to sign with, and the key.

        Who asks before the first one has been published for long enough waits for that.
        """
        keys = self._alive(connection) or [self._add(connection)]
        usable_if_before = now_ms() - self._lead_ms
        key = next((key for key in reversed(keys) if key.created_at <= usable_if_before), keys[0])
        time.sleep(max(key.created_at - usable_if_before, 0) / 1000)
        return key.id, self._opened(key.private_key)

    def published(self) -> list[dict[str, Any]]:
        """Return the public keys as JWKs (RFC 7517), and make a new one when it is time."""
        with self._database.read() as connection:
            keys = self._alive(connection)
        if not keys or now_ms() - keys[-1].created_at >= self._age_ms:
            with suppress(Unavailable):  # read-only, say: the old one is good for a while yet
                keys.append(self.rotate())
        return [_jwk(key) for key in keys]

    def public(self, kid: str) -> Any:
        """Return a public key that is published, None if there is none of this id."""
        with self._database.read() as connection:
            found = {key.id: key.public_key for key in self._alive(connection)}
        return load_der_public_key(found[kid]) if kid in found else None

    def rotate(self, *, forget: bool = False) -> Any:
        """Make a new key; `forget` takes back all that the others have signed."""
        with self._database.write() as work:
            kept = [] if forget else [key.id for key in self._alive(work.connection)]
            work.connection.execute(delete(SigningKey).where(SigningKey.id.not_in(kept)))
            return self._add(work.connection)

    def _add(self, connection: Connection) -> Any:
        private = ec.generate_private_key(ec.SECP256R1())
        encrypted = private.private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(self._secret)
        )
        public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        row = (new_id(), encrypted, public, now_ms())
        return connection.execute(insert(SigningKey).values(row).returning(*_ROW)).one()

    def _alive(self, connection: Connection) -> list[Any]:
        """Return the keys, oldest first, without those whose last token has expired."""
        keys = connection.execute(select(*_ROW).order_by(_ROW.created_at, _ROW.id)).all()
        signed_last = now_ms() - ACCESS_TTL_MAX * 1000 - 2 * self._lead_ms
        replaced = sum(key.created_at <= signed_last for key in keys[1:])
        return list(keys[replaced:])

    def _open(self, encrypted: bytes) -> ec.EllipticCurvePrivateKey:
        return cast(ec.EllipticCurvePrivateKey, load_der_private_key(encrypted, self._secret))


def _jwk(key: Any) -> dict[str, Any]:
    public = cast(ec.EllipticCurvePublicKey, load_der_public_key(key.public_key))
    return {**ECAlgorithm.to_jwk(public, as_dict=True), "kid": key.id, "use": "sig", "alg": "ES256"}
