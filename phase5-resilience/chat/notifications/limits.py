"""The contract's limits of notifications."""

from typing import Annotated

from pydantic import StringConstraints

Address = Annotated[
    str,
    StringConstraints(
        max_length=254,
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63})?$",
    ),
]
"""Empty is none. Less than the standard allows: nothing that a header could misread."""
