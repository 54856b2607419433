"""Staying of use while something else is not."""
