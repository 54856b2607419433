"""Conversations and who is in them."""
