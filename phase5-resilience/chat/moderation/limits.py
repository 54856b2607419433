"""The contract's limits of moderation. Lengths are in characters."""

REASON_MAX = 500
