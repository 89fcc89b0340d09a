"""Makes calls until there is an answer: with credentials, again after failures that pass."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

import httpx

from unmogrow.client.errors import UnauthorizedError, UnreachableError, problem_of
from unmogrow.client.retries import is_worth_another_try, wait_seconds

Content = bytes | Callable[[], AsyncIterator[bytes]]
"""A body: bytes, or what streams it, from the start at each try."""
Value = str | int | float | bool | date | None
PATIENCE_SECONDS = 120.0
"""How long a call is tried again: a platform that is being started anew is back by then."""

_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `is_repeatable` says that it may be carried out twice without harm (by default: if HTTP says so)."""

    method: str
    path: str
    query: Mapping[str, Value] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Content = b""
    is_repeatable: bool | None = None


class Auth(Protocol):
    """Who calls."""

    async def headers(self, transport: "Transport") -> dict[str, str]:
        """Give the headers that say so."""
        ...

    async def renew(self, transport: "Transport", refused: dict[str, str]) -> bool:
        """After these headers were refused, get others; False if there are none to be had."""
        ...


class Transport:
    """A connection pool to one plane, with patience."""

    def __init__(self, base_url: str, headers: Mapping[str, str], *, patience_seconds: float) -> None:
        self._patience_seconds = patience_seconds
        self._client = httpx.AsyncClient(base_url=base_url, headers=dict(headers), timeout=60.0, trust_env=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def send(self, call: Call, auth: Auth | None = None) -> httpx.Response:
        """Make a call; give its answer, which is a success or a redirect.

        Raises:
            ProblemError: the platform refused, or could not do it within the patience.
            UnreachableError: there was no answer within the patience.
        """
        if auth is None:
            return await self._patiently(call, {})
        headers = await auth.headers(self)
        try:
            return await self._patiently(call, headers)
        except UnauthorizedError:
            if not await auth.renew(self, headers):
                raise
            return await self._patiently(call, await auth.headers(self))

    @asynccontextmanager
    async def stream(self, call: Call, auth: Auth) -> AsyncIterator[httpx.Response]:
        """Make a call once, and give its answer while it still comes.

        Raises:
            ProblemError: the platform refused.
            httpx.TransportError: the connection broke.
        """
        headers = await auth.headers(self)
        async with self._client.stream(call.method, call.path, headers={**call.headers, **headers}) as response:
            if response.is_error:
                await response.aread()
                raise problem_of(response)
            yield response

    async def _patiently(self, call: Call, headers: Mapping[str, str]) -> httpx.Response:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._patience_seconds
        is_repeatable = call.method in _REPEATABLE if call.is_repeatable is None else call.is_repeatable
        tries = 0
        while True:
            tries += 1
            try:
                response = await self._once(call, headers)
            except httpx.TransportError as error:
                failure: Exception = UnreachableError(f"{self._client.base_url} does not answer ({error!r}).")
                failure.__cause__ = error
                again = is_worth_another_try(error, is_repeatable=is_repeatable)
            else:
                if not response.is_error:
                    return response
                failure = problem = problem_of(response)
                again = is_worth_another_try(problem, is_repeatable=is_repeatable)
            pause = wait_seconds(tries, failure)
            if not again or loop.time() + pause > deadline:
                raise failure
            await asyncio.sleep(pause)

    async def _once(self, call: Call, headers: Mapping[str, str]) -> httpx.Response:
        content = call.content() if callable(call.content) else call.content or None
        return await self._client.request(
            call.method,
            call.path,
            # An empty mapping would take a query away that the path has.
            params={name: _text(value) for name, value in call.query.items() if value is not None} or None,
            headers={**call.headers, **headers},
            content=content,
        )


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
