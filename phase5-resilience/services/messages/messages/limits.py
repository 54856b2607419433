"""The contract's limits of messages; `chassis.limits` has those that the system tells."""

CLIENT_ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"
