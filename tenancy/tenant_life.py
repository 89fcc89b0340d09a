"""Carries out the jobs of tenants' lives: makes, exports and erases, step by step as `schemas.tenant_life` lists them.

A step is done, then recorded. Whoever dies in between leaves a step that is done again, so each finds by itself what is
there already. A later run takes the job over; the earlier one finds itself superseded at its next record.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from schemas.access_problems import UserExists
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.settings import Settings
from schemas.tenant_life import ENDINGS, STEPS, Step
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.schema import drop_tables, ensure_tables
from storage.clickhouse.tenant_user import drop_user, ensure_user
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryWriter
from storage.postgres.jobs import JobRecord, Jobs
from storage.postgres.provisioner_role import TenantDatabases
from storage.postgres.tenant_lives import TenantLives
from storage.postgres.tenant_schemas import TenantSchemas, newest_schema
from storage.postgres.users import Users
from telemetry.failpoints import reached
from tenancy.keys import SHOWN_CHARS
from tenancy.passwords import Passwords
from tenancy.registration import TenantRequest, first_secrets, write_key_record
from tenancy.sealing import Sealer
from tenancy.tenant_export import TenantEnds, TenantExport
from tenancy.tenant_files import erase_files, erase_lake
from tenancy.tokens import new_signing_key

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LifeTools:
    """What the work on tenants' lives is given; `provisioner_password` is that of the role that makes databases."""

    backends: Backends
    settings: Settings
    provisioner_password: str
    actors: TenantEnds


class LifeWork:
    """Carries out jobs, in whatever process."""

    def __init__(self, tools: LifeTools) -> None:
        self._settings = tools.settings
        self._actors = tools.actors
        self._databases = Databases(tools.backends, tools.settings.postgres)
        self._store = ClickHouse(tools.backends, tools.settings.clickhouse)
        self._backends = tools.backends
        self._provisioner = TenantDatabases(tools.backends, tools.provisioner_password)
        self._sealer = Sealer(tools.backends)
        self._passwords = Passwords(tools.settings.auth)
        self._directory = DirectoryWriter(self._databases.control())
        self._lives = TenantLives(self._databases.control())
        self._schemas = TenantSchemas(self._databases.control())
        self.jobs = Jobs(self._databases.control())
        self._turns: defaultdict[TenantId, asyncio.Lock] = defaultdict(asyncio.Lock)
        export = TenantExport(self._databases, tools.backends, tools.settings, tools.actors)
        self._work: dict[Step, Callable[[JobRecord], Awaitable[object]]] = {
            Step.DATABASE: lambda job: self._provisioner.ensure(job.tenant_id),
            Step.AUDIT: lambda job: self._provisioner.ensure_audit(job.tenant_id, tools.settings.auth.audit_days),
            Step.TABLES: lambda job: ensure_tables(self._store, job.tenant_id),
            Step.ACCESS: self._give_access,
            Step.KEYS: self._make_keys,
            Step.OWNER: self._add_owner,
            Step.CLOSE: export.close_tenant,
            Step.DRAIN: export.drain,
            Step.END_ACTORS: export.end_actors,
            Step.EXPORT_CONTROL: export.control,
            Step.EXPORT_POSTGRES: export.postgres,
            Step.EXPORT_CLICKHOUSE: export.clickhouse,
            Step.MANIFEST: export.manifest,
            Step.ERASE_ACTORS: lambda job: self._actors.end(job.tenant_id),
            Step.ERASE_FILES: self._erase_files,
            Step.ERASE_CLICKHOUSE: self._erase_clickhouse,
            Step.ERASE_LAKE: self._erase_lake,
            Step.ERASE_POSTGRES: lambda job: self._provisioner.erase(job.tenant_id),
        }

    async def carry_out(self, job_id: str) -> None:
        """Bring a job to its end; nothing happens to one that has ended.

        Raises:
            JobSupersededError: a later run has taken the job over.
            Exception: a step failed; what is done is recorded, so that the next run goes on with it.
        """
        job = await self.jobs.begin(job_id)
        if job is None:
            return
        # A step that is under way for the tenant, by an earlier job or an earlier run, ends first.
        async with self._turns[job.tenant_id]:
            await self._carry_out(job)

    async def _carry_out(self, job: JobRecord) -> None:
        job_id = job.job_id
        log.info("life_job_began", job_id=job_id, tenant=job.tenant_id, kind=job.kind, run=job.run)
        await self.jobs.log(job_id, f"run {job.run} began; {len(job.steps_done)} steps were done before")
        state = await self._lives.state(job.tenant_id)
        while steps := STEPS.get(state):
            for step in steps:
                if step not in job.steps_done:
                    await self._work[step](job)
                    reached(f"life_{step}")
                    await self.jobs.record_step(job_id, job.run, step)
                    await self.jobs.log(job_id, f"{step} done")
            reached(f"life_left_{state}")
            state = await self._lives.end(job, state, ENDINGS[state])
            await self.jobs.log(job_id, f"the tenant is {state}")

    async def _give_access(self, job: JobRecord) -> None:
        await ensure_user(self._store, self._backends, job.tenant_id)
        # The steps before have made its databases whole.
        await self._schemas.note(job.tenant_id, newest_schema(self._settings.auth.audit_days))

    async def _make_keys(self, job: JobRecord) -> None:
        await self._directory.add_signing_key(new_signing_key(job.tenant_id, self._sealer))
        write_key = first_secrets(job, self._sealer).write_key
        await self._directory.add_key(write_key_record(job.tenant_id, write_key), write_key[:SHOWN_CHARS])

    async def _add_owner(self, job: JobRecord) -> None:
        password = first_secrets(job, self._sealer).owner_password
        database = self._databases.tenant(job.tenant_id)
        request = TenantRequest(**job.detail)
        with suppress(UserExists):
            await Users(database).add(request.owner_email, await self._passwords.hash(password), "owner")
        await database.close()

    async def _erase_files(self, job: JobRecord) -> None:
        await erase_files(self._settings, job.tenant_id)

    async def _erase_clickhouse(self, job: JobRecord) -> None:
        await drop_user(self._store, job.tenant_id)
        await drop_tables(self._store, job.tenant_id)

    async def _erase_lake(self, job: JobRecord) -> None:
        await erase_lake(self._databases.control(), self._settings, job.tenant_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._databases.close()
        await self._store.close()
