"""After a start or a deployment: actors run the new code, and spools that were left with work are taken up again."""

import asyncio

import ray
from ray.util import list_named_actors

from actors.handles import TenantActors, is_tenant_actor
from schemas.backends import Backends
from schemas.settings import Settings
from storage.postgres.connect import Databases
from storage.postgres.conversion_writer import ConversionWriter
from storage.postgres.directory import DirectoryReader, TenantRecord
from storage.spool.repository import Spool

_AT_ONCE = 8


async def renew_actors(backends: Backends, settings: Settings) -> None:
    """End the tenants' actors, which lose only a cache, and start those again whose spool holds work.

    The others start when their tenant is next called.
    """
    for named in list_named_actors(all_namespaces=True):
        if named["namespace"] == settings.ray_namespace and is_tenant_actor(named["name"]):
            ray.kill(ray.get_actor(named["name"], settings.ray_namespace), no_restart=True)
    databases = Databases(backends, settings.postgres)
    actors = TenantActors(backends, settings)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def renew(tenant: TenantRecord) -> None:
        async with gate:
            database = databases.tenant(tenant.tenant_id)
            if (await Spool(database).backlog()).events or await ConversionWriter(database).has_pending():
                actors.handle(tenant.tenant_id)
            await database.close()

    rows = await DirectoryReader(databases.control()).rows()
    await asyncio.gather(*map(renew, rows.tenants))
    await databases.close()
