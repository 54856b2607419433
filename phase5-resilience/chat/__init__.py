"""The chat application: one package per domain, put together in `chat.app`."""
