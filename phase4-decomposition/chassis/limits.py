"""What any request may ask for at once, whatever it is about."""

BATCH_MAX = 100
PAGE_MAX = 100
BODY_MAX = 64 * 1024
"""Bytes."""
INTEGER_MAX = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""
