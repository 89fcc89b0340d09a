"""A driver that keeps calls to the attribution pool open until standard input ends, and tells how many nodes there are.

Each call holds one conversion on which deciding does not end before its time is up: it fills a replica and costs no
core. A line a look goes to standard output: how many nodes of the pool live.
"""

import asyncio
import pickle
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Any

import ray

from actors.attributor import PoolAwayError
from actors.pool_client import PoolClient
from local.deploy import connect
from schemas.ids import TenantId
from schemas.policy import Policy
from schemas.settings import Settings
from schemas.touchpoints import Conversion, ConversionCase
from telemetry.clock import utc_now

STUCK = "stuck"
_LOOK_SECONDS = 0.25


def _case() -> ConversionCase:
    at = utc_now() - timedelta(seconds=1)
    return ConversionCase(Conversion(STUCK, "install", at), ())


def _nodes() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call] # Ray's own
    return found


async def _call_on(client: PoolClient, caller: int) -> None:
    while True:
        with suppress(PoolAwayError):
            await client.decide(TenantId(f"load{caller}"), [_case()], Policy())


async def _main(settings: Settings, callers: int) -> None:
    connect(settings)
    client = PoolClient(settings.pool)
    ending = asyncio.create_task(asyncio.to_thread(sys.stdin.buffer.read, 1))
    calls: list[asyncio.Task[None]] = []
    while True:
        nodes = [each for each in _nodes() if each["Alive"] and each["Labels"].get("role") == "pool"]
        print(len(nodes), flush=True)
        if ending.done():
            for call in calls:
                call.cancel()
        elif not calls:
            calls = [asyncio.create_task(_call_on(client, caller)) for caller in range(callers)]
        await asyncio.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(_main(pickle.load(sys.stdin.buffer), int(sys.argv[1])))  # noqa: S301 - from the test that started this
