"""A client of the contract that believes nothing: whatever it sees is held against the documents.

`documents` knows openapi.yaml and asyncapi.yaml; `api` speaks HTTP, `socket` Socket.IO; `person` is
somebody who uses both; `waiting` holds the contract's bounds.
"""

from client.aging import Aging
from client.api import Answer, Api
from client.documents import ContractViolation
from client.person import Json, Person, new_client_id
from client.socket import Socket
from client.waiting import BOUND, eventually

__all__ = [
    "BOUND",
    "Aging",
    "Answer",
    "Api",
    "ContractViolation",
    "Json",
    "Person",
    "Socket",
    "eventually",
    "new_client_id",
]
