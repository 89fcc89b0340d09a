"""What a tenant has beside the databases: files of imports that wait, and its part of the lake."""

import asyncio
import shutil

from schemas.ids import TenantId
from schemas.settings import Settings
from storage.lake.lake import Lake
from storage.postgres.connect import Database
from storage.postgres.lake_turn import lake_turn


async def erase_files(settings: Settings, tenant_id: TenantId) -> None:
    """Delete the tenant's files, as far as there are any."""
    await asyncio.to_thread(shutil.rmtree, settings.imports_folder / tenant_id, ignore_errors=True)


async def erase_lake(control: Database, settings: Settings, tenant_id: TenantId) -> None:
    """Delete the tenant's part of the lake, as far as there is any, when an export that is under way has ended.

    None begins after it: who exports looks at the tenant's state in its turn.

    Raises:
        CONNECTION_LOST: the control database or the lake is away.
    """
    async with lake_turn(control, tenant_id):
        await asyncio.to_thread(Lake.open(settings.lake_address).erase_tenant, tenant_id)
