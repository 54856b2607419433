"""Accounts, logins and tokens."""
