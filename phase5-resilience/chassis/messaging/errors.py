"""What a consumer says when it cannot do its work; any other error is taken for a mistake.

Their text is shown to whoever runs the system: it quotes nobody.
"""


class Transient(Exception):
    """It may work later."""


class Permanent(Exception):
    """No try will ever succeed."""
