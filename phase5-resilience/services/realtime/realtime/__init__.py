"""Sockets: who is connected, and how events reach them."""
