"""How the processes that serve tenants fare, as they say themselves."""

import asyncio
from collections.abc import Collection
from typing import Any

import ray
from ray.exceptions import RayError

from schemas.settings import Settings
from schemas.working_parts import HostState

_ANSWER_SECONDS = 2.0


async def host_states(places: Collection[str], settings: Settings) -> dict[str, HostState | None]:
    """Ask the process of each place; None for one that is not there, or does not answer within two seconds.

    None is started by being asked.
    """
    ordered = sorted(places)
    return dict(zip(ordered, await asyncio.gather(*(_state(place, settings) for place in ordered)), strict=True))


async def _state(place: str, settings: Settings) -> HostState | None:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            host: Any = await asyncio.to_thread(ray.get_actor, place, settings.ray_namespace)
            state: HostState = await host.state.remote()
    except (RayError, ValueError, TimeoutError):
        return None
    return state
