"""The contract's limits of conversations."""

GROUP_NAME_MAX = 80
"""Characters."""
GROUP_MEMBERS_MAX = 250
