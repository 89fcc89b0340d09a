"""Follows a stream of server-sent events, and goes on where a connection broke."""

import asyncio
from collections.abc import AsyncIterator

import httpx

from unmogrow.client.errors import RateLimitedError, UnauthorizedError, UnavailableError
from unmogrow.client.transport import Auth, Call, Transport

_REST_SECONDS = 1.0


async def follow(transport: Transport, auth: Auth, path: str) -> AsyncIterator[str]:
    """Give the data of each event for ever; one that came before a break is not given again.

    Raises:
        ProblemError: the call was refused.
    """
    last_id = ""
    while True:
        call = Call("GET", path, headers={"Last-Event-ID": last_id} if last_id else {})
        try:
            async with transport.stream(call, auth) as response:
                async for event_id, data in events(response.aiter_lines()):
                    last_id = event_id or last_id
                    yield data
        except UnauthorizedError:
            # The token ended while the connection was open, or before: another one is asked for once.
            if not await auth.renew(transport, await auth.headers(transport)):
                raise
        except (RateLimitedError, UnavailableError) as failure:
            await asyncio.sleep(failure.retry_after_seconds or _REST_SECONDS)
        except httpx.TransportError:
            await asyncio.sleep(_REST_SECONDS)


async def events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, str]]:
    """Read server-sent events: the id (empty if it has none) and the data of each that has data."""
    event_id, data = "", list[str]()
    async for each in lines:
        name, _, value = each.partition(":")
        if name == "id":
            event_id = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))
        elif not each and data:
            yield event_id, "\n".join(data)
            event_id, data = "", []
