"""The timeline of each conversation."""
