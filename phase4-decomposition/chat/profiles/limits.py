"""The contract's limits of profiles, in characters."""

DISPLAY_NAME_MAX = 64
BIO_MAX = 500
