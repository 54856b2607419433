"""A made-up world to look at and to measure with, as an archive that any phase imports.

Standard library only, and no floating-point function that could differ between machines: the same
size, number and day give the same bytes everywhere.
"""
