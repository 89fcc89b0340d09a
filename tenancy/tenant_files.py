"""What a tenant has beside the databases: files of imports that wait, its part of the lake, and its learned models."""

import asyncio
import shutil
from collections.abc import Iterable
from contextlib import suppress

from schemas.ids import TenantId
from schemas.settings import Settings
from storage.lake.artifacts import Artifacts
from storage.lake.lake import Lake
from storage.postgres.connect import Database
from storage.postgres.lake_turn import lake_turn
from storage.postgres.learned_models import LearnedModels


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
    await erase_models(control, settings, tenant_id)


async def erase_models(control: Database, settings: Settings, tenant_id: TenantId) -> None:
    """Delete what trainings made of the tenant's days: those in the registry, and those that nobody has entered.

    An artifact that somebody else's model has, too, stays. Of global models goes what its rows said of them.

    Raises:
        CONNECTION_LOST: the control database or the lake is away.
    """
    models = LearnedModels(control)
    await models.forget_in_shadows(tenant_id)
    registered = await models.artifacts()
    await asyncio.to_thread(_erase_models, Artifacts(Lake.open(settings.lake_address)), tenant_id, registered)


def _erase_models(
    artifacts: Artifacts, tenant_id: TenantId, registered: Iterable[tuple[str, TenantId | None, str]]
) -> None:
    found = {model_id: (owner, sha256) for model_id, owner, sha256 in registered}
    for model_id in set(artifacts.candidates()) - found.keys():
        # What cannot be read tells of nobody, and names no artifact.
        with suppress(FileNotFoundError, ValueError):
            document = artifacts.document(model_id)
            found[model_id] = (document.tenant_id, document.artifact.sha256)
    own = {model_id for model_id, (owner, _) in found.items() if owner == tenant_id}
    kept = {sha256 for owner, sha256 in found.values() if owner != tenant_id}
    artifacts.remove(own, {found[model_id][1] for model_id in own} - kept)
