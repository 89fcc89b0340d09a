"""A process that carries out a job of a tenant's life, to be killed at any step."""

import asyncio

from schemas.ids import TenantId
from tenancy.tenant_life import LifeTools, LifeWork


class NoActors:
    """The actors of a tenant that has none, because no event ever came."""

    async def check(self, tenant_id: TenantId, /) -> None:
        """There is none to start."""

    async def end(self, tenant_id: TenantId, /) -> None:
        """There is none to end."""


def carry_out(tools: LifeTools, job_id: str) -> None:
    """Carry a job out."""

    async def work() -> None:
        life = LifeWork(tools)
        await life.carry_out(job_id)
        await life.close()

    asyncio.run(work())
