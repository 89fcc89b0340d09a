"""A tenant's way out: nothing more is let in, what was accepted is stored, all writers end, everything is archived.

The order makes the archive whole. Replicas refuse the tenant within a second; what was under way then is waited for;
then the epochs are taken away, after which the tenant's own database refuses every commit for good. Whatever still
slipped in before that stands in the spool, which is among the tables that are archived.
"""

import asyncio
from dataclasses import asdict
from typing import Any, Protocol

from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.imports import ImportState
from schemas.settings import Settings
from storage.archive import Archive, ArchivedFile, Copy
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.table_export import partition, partitions_of
from storage.names import data_tables
from storage.postgres.connect import Database, Databases
from storage.postgres.imports import Imports
from storage.postgres.jobs import JobRecord, Jobs
from storage.postgres.table_export import CONTROL_TABLES, copy_control, copy_table, tables_of
from storage.spool.layout import Layout
from telemetry.clock import utc_now

_LOOK_SECONDS = 0.2
_KNOWN_AFTER_LOOKS = 2
_FORMAT = 1
_FILES_AT_ONCE = 2


class TenantEnds(Protocol):
    """What is asked of a tenant's actors at the end of its life."""

    async def check(self, tenant_id: TenantId, /) -> None:
        """Start those that are away: they store what was accepted."""

    async def end(self, tenant_id: TenantId, /) -> None:
        """End all of them, for good."""


class TenantExport:
    """The steps of exporting, each of which may be repeated."""

    def __init__(self, databases: Databases, backends: Backends, settings: Settings, actors: TenantEnds) -> None:
        self._databases = databases
        self._backends = backends
        self._settings = settings
        self._seconds = settings.tenants.export_query_seconds
        self._actors = actors
        self._jobs = Jobs(databases.control())
        self._gate = asyncio.Semaphore(_FILES_AT_ONCE)

    async def close_tenant(self, job: JobRecord) -> None:
        """Wait until every replica knows that the tenant is closed, and end its imports."""
        await asyncio.sleep(_KNOWN_AFTER_LOOKS * self._settings.serve.directory_seconds)
        imports = Imports(self._database(job))
        for import_id in await imports.unfinished():
            record = await imports.begin(import_id)
            if record is not None:
                await imports.finish(import_id, record.run, ImportState.FAILED, "The tenant was deleted.")

    async def drain(self, job: JobRecord) -> None:
        """Wait until ClickHouse has all that was accepted."""
        layout = Layout(self._database(job))
        while await layout.waits():
            await self._actors.check(job.tenant_id)
            await asyncio.sleep(_LOOK_SECONDS)

    async def end_actors(self, job: JobRecord) -> None:
        """Have the tenant's database refuse every writer from now on, and end those that are there."""
        await Layout(self._database(job)).close()
        await self._actors.end(job.tenant_id)

    async def control(self, job: JobRecord) -> None:
        """Archive what the control database has of the tenant."""
        for table in CONTROL_TABLES:
            await self._add_lines(job, "control", table, self._control_rows(job.tenant_id, table))

    async def postgres(self, job: JobRecord) -> None:
        """Archive every table of the tenant's database."""
        database = self._database(job)
        for table, qualified_name in await tables_of(database):
            await self._add_lines(job, "postgres", table, self._rows(database, qualified_name))
        await database.close()

    async def clickhouse(self, job: JobRecord) -> None:
        """Archive every table of the tenant in ClickHouse, a file for each partition."""
        patient = self._backends, self._settings.clickhouse.model_copy(update={"insert_seconds": self._seconds})
        store = ClickHouse(*patient)
        try:
            for slot, table in data_tables(job.tenant_id).items():
                for partition_id in await partitions_of(store, table):
                    key = f"clickhouse/{slot}/{partition_id}"
                    if key not in _files(job):
                        chunks = partition(store, table, partition_id)
                        async with self._gate:
                            archived = await self._archive(job).add_parquet("clickhouse", slot, partition_id, chunks)
                        await self._record(job, key, archived)
        finally:
            await store.close()

    async def manifest(self, job: JobRecord) -> None:
        """Say in the archive what it holds: rows and checksums of every file."""
        await self._archive(job).write_manifest(
            {
                "format": _FORMAT,
                "tenant_id": job.tenant_id,
                "host": job.detail["host"],
                "name": job.detail["name"],
                "job_id": job.job_id,
                "closed_at": job.created_at,
                "exported_at": utc_now(),
                "files": list(_files(job).values()),
            }
        )

    def _control_rows(self, tenant_id: TenantId, table: str) -> Copy:
        control = self._databases.control()
        return lambda take: copy_control(control, table, tenant_id, take, timeout_seconds=self._seconds)

    def _rows(self, database: Database, table: str) -> Copy:
        return lambda take: copy_table(database, table, take, timeout_seconds=self._seconds)

    async def _add_lines(self, job: JobRecord, store: str, table: str, copy: Copy) -> None:
        key = f"{store}/{table}"
        if key not in _files(job):
            async with self._gate:
                archived = await self._archive(job).add_lines(store, table, copy)
            await self._record(job, key, archived)

    async def _record(self, job: JobRecord, key: str, archived: ArchivedFile) -> None:
        _files(job)[key] = asdict(archived)
        await self._jobs.record_detail(job.job_id, job.run, job.detail)

    def _archive(self, job: JobRecord) -> Archive:
        return Archive(self._settings.exports_folder / f"{job.tenant_id}-{job.job_id}")

    def _database(self, job: JobRecord) -> Database:
        return self._databases.tenant(job.tenant_id)


def _files(job: JobRecord) -> dict[str, Any]:
    """Give the files that the archive has, by what they are of."""
    files: dict[str, Any] = job.detail.setdefault("files", {})
    return files
