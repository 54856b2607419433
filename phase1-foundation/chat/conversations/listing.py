"""Who is calling, where they ask for their list: token and page are read together."""

from contextlib import suppress

from flask import request
from pydantic import ValidationError

from chassis.errors import InvalidInput
from chassis.identity import Authenticator, Caller
from chassis.requests import PageQuery, query
from chat.conversations.cached import CachedConversations
from chat.conversations.routes import conversations

LIST = f"{conversations.name}.list_own"


class ListAuthenticator:
    """Judges every token; of a request for the list, it reads the page in the same query."""

    def __init__(self, tokens: Authenticator, lists: CachedConversations) -> None:
        self._tokens = tokens
        self._lists = lists

    def authenticate(self, access_token: str) -> Caller:
        """Return whose token this is, or raise `Unauthenticated`."""
        if request.endpoint == LIST:
            # Who asks badly is told so by the route, once the token has been judged.
            with suppress(ValidationError, InvalidInput):
                page = query(PageQuery)
                return self._lists.authenticate(access_token, page.limit, page.cursor)
        return self._tokens.authenticate(access_token)
