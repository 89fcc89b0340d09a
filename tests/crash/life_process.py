"""A process that carries out a job of a tenant's life, to be killed at any step."""

import asyncio

from tenancy.tenant_life import LifeTools, LifeWork


def carry_out(tools: LifeTools, job_id: str) -> None:
    """Carry a job out."""

    async def work() -> None:
        life = LifeWork(tools)
        await life.carry_out(job_id)
        await life.close()

    asyncio.run(work())
