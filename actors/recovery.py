"""After a start or a deployment: hosts run the new code, and what was at work is taken up again."""

import asyncio

import ray
from ray.util import list_named_actors

from actors.placement import is_place, place_of, shared_places
from actors.tenant_host import find_host
from schemas.backends import Backends
from schemas.settings import Settings
from storage.postgres.active_shards import ActiveShards
from storage.postgres.connect import Databases


async def renew_hosts(backends: Backends, settings: Settings) -> None:
    """End the tenants' hosts, which lose only a cache, and start those anew that tenants share or that have work.

    Each takes up its shards by itself.
    """
    for named in list_named_actors(all_namespaces=True):
        if named["namespace"] == settings.ray_namespace and is_place(named["name"]):
            ray.kill(ray.get_actor(named["name"], settings.ray_namespace), no_restart=True)
    databases = Databases(backends, settings.postgres)
    active = await ActiveShards(databases.control()).all()
    await databases.close()
    hosts = settings.actor.hosts
    places = {*shared_places(hosts), *(place_of(*key, hosts) for key in active)}
    await asyncio.gather(*(find_host(place, backends, settings).begun.remote() for place in places))
