"""The contract's limits of profiles, in characters."""

BIO_MAX = 500
