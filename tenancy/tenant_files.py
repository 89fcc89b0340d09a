"""What a tenant has on disk beside the databases: files of imports that wait."""

import asyncio
import shutil

from schemas.ids import TenantId
from schemas.settings import Settings


async def erase_files(settings: Settings, tenant_id: TenantId) -> None:
    """Delete the tenant's files, as far as there are any."""
    await asyncio.to_thread(shutil.rmtree, settings.imports_folder / tenant_id, ignore_errors=True)
