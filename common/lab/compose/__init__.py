"""Reads the part of the Compose specification that the native engine knows."""
