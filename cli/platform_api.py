"""A client of the global plane, as the commands for operators use it: the same door that every operator has."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
import orjson

from cli.tenant_api import ApiError, UnreachableError

_RETRIED = frozenset({429, 502, 503, 504})
_TRIES = 8
_FIRST_WAIT_SECONDS = 0.25
_LOOK_SECONDS = 0.5


class PlatformApi:
    """Calls with a platform key."""

    def __init__(self, base_url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60.0, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Call until there is a final answer, and give its document; an answer without a body gives an empty one.

        Raises:
            ApiError: the call was refused.
            UnreachableError: nobody answers.
        """
        wait_seconds = _FIRST_WAIT_SECONDS
        for attempt in range(1, _TRIES + 1):
            try:
                response = await self._client.request(method, path, **arguments)
            except httpx.TransportError as error:
                failure: Exception = UnreachableError(
                    f"{self._client.base_url} does not answer ({error!r}). `make up` starts the platform."
                )
                failure.__cause__ = error
            else:
                if response.is_success:
                    return orjson.loads(response.content) if response.content else {}
                failure = ApiError(response)
                if response.status_code not in _RETRIED:
                    raise failure
            if attempt < _TRIES:
                await asyncio.sleep(wait_seconds)
                wait_seconds *= 2
        raise failure

    async def pages(self, path: str, **parameters: str | int) -> AsyncIterator[dict[str, Any]]:
        """Read every item of a list, page by page."""
        while True:
            page = await self.call("GET", path, params=parameters)
            for item in page["data"]:
                yield item
            if page["next_cursor"] is None:
                return
            parameters["cursor"] = page["next_cursor"]

    async def follow(self, job_id: str) -> AsyncIterator[dict[str, Any]]:
        """Give a job as often as it is looked at, last when it has ended."""
        while True:
            job = await self.call("GET", f"/api/v1/jobs/{job_id}")
            yield job
            if job["finished_at"] is not None:
                return
            await asyncio.sleep(_LOOK_SECONDS)
