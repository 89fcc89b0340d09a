"""After a start or a deployment: actors run the new code, and spools that were left with work are taken up again."""

import asyncio

import ray
from ray.util import list_named_actors

from actors.pipeline import has_work
from actors.tenant_actor import find_actor, is_tenant_actor
from schemas.backends import Backends
from schemas.settings import Settings
from schemas.shards import all_shards
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryReader, TenantRecord
from storage.spool.layout import Layout

_AT_ONCE = 8


async def renew_actors(backends: Backends, settings: Settings) -> None:
    """End the tenants' actors, which lose only a cache, and start those again whose spool holds work.

    The others start when their tenant is next called.
    """
    for named in list_named_actors(all_namespaces=True):
        if named["namespace"] == settings.ray_namespace and is_tenant_actor(named["name"]):
            ray.kill(ray.get_actor(named["name"], settings.ray_namespace), no_restart=True)
    databases = Databases(backends, settings.postgres)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def renew(tenant: TenantRecord) -> None:
        async with gate:
            database = databases.tenant(tenant.tenant_id)
            for shard in all_shards(await Layout(database).shards()):
                if await has_work(database, shard):
                    find_actor(tenant.tenant_id, shard, backends, settings)
            await database.close()

    rows = await DirectoryReader(databases.control()).rows()
    await asyncio.gather(*map(renew, rows.tenants))
    await databases.close()
