"""Answers the calls that most requests are below the framework, whose layers cost as much as taking an event does."""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]
Handler = Callable[[Request, Exception], Awaitable[Response]]


class Direct:
    """The app itself, but for POSTs to a few paths. These are routes of the app, too: there they are documented."""

    def __init__(self, app: FastAPI, endpoints: Mapping[str, Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints
        # All of them are coroutine functions; the framework would take others, too.
        self._handlers = cast("dict[type[Exception], Handler]", app.exception_handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint = self._endpoints.get(scope["path"]) if scope["type"] == "http" else None
        if endpoint is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        scope["app"] = self._app
        response = await self._answered(Request(scope, receive), endpoint)
        await response(scope, receive, send)

    async def _answered(self, request: Request, endpoint: Endpoint) -> Response:
        """Call an endpoint; an exception becomes what it becomes everywhere in the app."""
        try:
            return await endpoint(request)
        except Exception as error:
            for kind in type(error).__mro__:
                if handler := self._handlers.get(kind):
                    return await handler(request, error)
            raise
