"""Moderation: what people with a role do about messages and accounts of others, and its trail."""
