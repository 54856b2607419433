"""Notifications: what somebody should know of without looking at every conversation."""
