"""What cuts across every domain: settings, database, errors, problems, request context.

Nothing in here knows what a chat is.
"""
