"""Bounds what any request may send, before any route reads it: how much, and how slowly.

The edge has small bodies complete before a replica hears of them. Of a larger one it has the beginning; from then on a
client that dribbles would hold one of the replica's places for as long as it likes, and one that never ends would fill
its memory. What goes past a bound is answered here, whatever the route made of the broken body.
"""

import asyncio
from collections.abc import Collection
from time import monotonic

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.limits import BODY_BYTES_MAX, BODY_BYTES_PER_SECOND_MIN, BODY_GRACE_SECONDS
from schemas.problem import Problem
from schemas.problems import BodyTooLarge
from schemas.sdk_problems import RequestTimeout
from serve_apps.problem_responses import respond


class BoundedBodies:
    """Passes requests on, with their bodies bounded; those of `endless` paths only in how slowly they come."""

    def __init__(
        self, app: ASGIApp, endless: Collection[str] = (), bytes_per_second_min: int = BODY_BYTES_PER_SECOND_MIN
    ) -> None:
        self._app = app
        self._endless = frozenset(endless)
        self._bytes_per_second_min = bytes_per_second_min

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or answer it when its body goes past a bound."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        bytes_max = None if scope["path"] in self._endless else BODY_BYTES_MAX
        body = _Body(receive, send, bytes_max, self._bytes_per_second_min)
        try:
            await self._app(scope, body.receive, body.send)
        except Exception:
            if body.refusal is None:
                raise
        if body.refusal is not None:
            await respond(Request(scope), body.refusal)(scope, receive, send)


class _Body:
    """The body of one request, as far as it came; `refusal` once it is past a bound."""

    def __init__(self, receive: Receive, send: Send, bytes_max: int | None, bytes_per_second_min: int) -> None:
        self._receive = receive
        self._send = send
        self._bytes_max = bytes_max
        self._bytes_per_second_min = bytes_per_second_min
        self._size = 0
        self._waited_seconds = 0.0
        self._is_begun = False
        self._is_complete = False
        self._is_answered = False
        self.refusal: Problem | None = None

    async def receive(self) -> Message:
        """Give the next piece.

        Raises:
            BodyTooLarge, RequestTimeout: it is past a bound.
        """
        message = await self._next()
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._is_complete = not message.get("more_body", False)
            if self._bytes_max is not None and self._size > self._bytes_max:
                raise self._refused(BodyTooLarge())
        return message

    async def send(self, message: Message) -> None:
        """Pass an answer on, unless the request is refused: then another one follows."""
        if self.refusal is None:
            self._is_answered = True
            await self._send(message)

    async def _next(self) -> Message:
        if self._is_complete or not self._is_begun:
            # The first piece is there at once; after the last, this only waits for the client to go away.
            self._is_begun = True
            return await self._receive()
        # Only what the client takes counts: a route may be slow, too.
        begun_at = monotonic()
        patience_seconds = BODY_GRACE_SECONDS + self._size / self._bytes_per_second_min - self._waited_seconds
        try:
            async with asyncio.timeout(patience_seconds):
                message = await self._receive()
        except TimeoutError:
            raise self._refused(RequestTimeout()) from None
        self._waited_seconds += monotonic() - begun_at
        return message

    def _refused(self, problem: Problem) -> Problem:
        if not self._is_answered:
            self.refusal = problem
        return problem
