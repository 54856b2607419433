"""Drills: hurt a system while counting every message."""
