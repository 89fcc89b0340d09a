"""After a start or a deployment: hosts run this very code, and what was at work is taken up again."""

import asyncio
from typing import Any

import ray
from ray.exceptions import RayError
from ray.util import list_named_actors

from actors.placement import is_place, place_of, shared_places
from actors.tenant_host import find_host, running_version
from schemas.backends import Backends
from schemas.settings import Settings
from storage.postgres.active_shards import ActiveShards
from storage.postgres.connect import Databases

_ANSWER_SECONDS = 10.0


async def renew_hosts(backends: Backends, settings: Settings) -> None:
    """End hosts of other code or settings, which lose only a cache; start those that tenants share or that have work.

    Each takes up its shards by itself.
    """
    version = running_version(backends, settings)
    for named in list_named_actors(all_namespaces=True):
        if named["namespace"] == settings.ray_namespace and is_place(named["name"]):
            host: Any = ray.get_actor(named["name"], settings.ray_namespace)
            if await _version_of(host) != version:
                ray.kill(host, no_restart=True)
    databases = Databases(backends, settings.postgres)
    active = await ActiveShards(databases.control()).all()
    await databases.close()
    hosts = settings.actor.hosts
    places = {*shared_places(hosts), *(place_of(*key, hosts) for key in active)}
    await asyncio.gather(*(_begun(place, backends, settings) for place in places))


async def _begun(place: str, backends: Backends, settings: Settings) -> None:
    host = await find_host(place, backends, settings)
    await host.begun.remote()


async def _version_of(host: Any) -> str | None:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            version: str = await host.version.remote()
    except (RayError, TimeoutError):
        return None
    return version
