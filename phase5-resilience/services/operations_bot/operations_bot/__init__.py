"""Posts alerts into a conversation of the chat that they are about."""
