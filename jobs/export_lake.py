"""Writes what changed of a tenant's events and attributions to the lake: a Ray task, which may die at any time.

A month at a time, ClickHouse says by a fingerprint which days are not as the manifest has them. These are written to
new files, and then the manifest is swapped for one that names them. So whatever happens, the manifest names whole files
of whole days, each once; what a run wrote before it died is either named, or found by the next run and deleted. A run
before which nothing came writes nothing. One process at a time changes a tenant's part of the lake (`lake_turn`): of
two, each would swap away what the other has named.

Rows may come while a day is read. Its fingerprint is therefore taken again afterwards; if it is another one, nobody
knows what the file has, and the next run writes the day anew.
"""

import asyncio
import secrets
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from jobs.nicely import run_nicely
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.learning_settings import LakeSettings
from schemas.settings import Settings
from schemas.tenant_life import TenantState
from storage.clickhouse.connect import ClickHouse, StoreAwayError
from storage.clickhouse.lake_reader import LakeReader
from storage.lake.lake import Lake
from storage.lake.manifest import Dataset, LakeFile, Manifest, first_manifest
from storage.postgres.connect import Databases
from storage.postgres.lake_turn import LakeTurn, lake_turn
from storage.postgres.tenant_lives import TenantLives
from telemetry.clock import utc_now
from telemetry.failpoints import reached
from telemetry.logs import configure_logs
from telemetry.side_by_side import side_by_side

_UNSETTLED = "unsettled"
"""In the place of a fingerprint: the day changed while it was read."""

_STAYING = frozenset({TenantState.ACTIVE, TenantState.SUSPENDED})
_ONE_DAY = timedelta(days=1)
_NAME_BYTES = 4

log = structlog.get_logger()


class TenantLeavesError(Exception):
    """The tenant is being made or erased: nothing of it may come into the lake."""


def export_tenant(backends: Backends, settings: Settings, tenant_id: TenantId, contributes: bool) -> Manifest:  # noqa: FBT001 - Ray's tasks are asked by place
    """Do the Ray task: bring a tenant's part of the lake up to date, and give its manifest.

    It waits while another process does the same. What is done when it fails stays done.

    Raises:
        TenantLeavesError: the tenant is neither active nor suspended.
        StoreAwayError: ClickHouse is away.
        CONNECTION_LOST: the control database or the lake is.
    """
    configure_logs()

    async def run() -> Manifest:
        structlog.contextvars.bind_contextvars(tenant=tenant_id)
        patient = {"insert_seconds": settings.tenants.export_query_seconds}
        store = ClickHouse(backends, settings.clickhouse.model_copy(update=patient))
        databases = Databases(backends, settings.postgres)
        try:
            async with lake_turn(databases.control(), tenant_id) as turn:
                if await TenantLives(databases.control()).state(tenant_id) not in _STAYING:
                    raise TenantLeavesError(tenant_id)
                lake = Lake.open(settings.lake_address)
                export = LakeExport(tenant_id, LakeReader(store, tenant_id), lake, settings.lake, turn)
                return await export.carry_out(contributes=contributes)
        finally:
            await store.close()
            await databases.close()

    return run_nicely(run())


class LakeSwaps:
    """Swaps the manifests of one tenant, whose turn this process has."""

    def __init__(self, lake: Lake, turn: LakeTurn) -> None:
        self._lake = lake
        self._turn = turn

    async def swap(self, manifest: Manifest) -> Manifest:
        """Have a manifest count."""
        await self._turn.assert_held()
        await asyncio.to_thread(self._lake.write_manifest, manifest)
        return manifest

    async def sweep(self, manifest: Manifest, keep_seconds: float) -> Manifest:
        """Delete the replaced files that nobody reads any more; give the manifest that has forgotten them."""
        now = utc_now()
        due = [each.path for each in manifest.replaced if each.replaced_at + timedelta(seconds=keep_seconds) <= now]
        if not due:
            return manifest
        # Whoever dies in between finds them in the manifest again.
        for path in due:
            await asyncio.to_thread(self._lake.remove, path)
        return await self.swap(manifest.without_replaced(due, now))


class LakeExport:
    """One run for one tenant."""

    def __init__(
        self, tenant_id: TenantId, reader: LakeReader, lake: Lake, settings: LakeSettings, turn: LakeTurn
    ) -> None:
        self._tenant_id = tenant_id
        self._reader = reader
        self._lake = lake
        self._settings = settings
        self._swaps = LakeSwaps(lake, turn)

    async def carry_out(self, *, contributes: bool) -> Manifest:
        """Write the days that changed; give the manifest that counts in the end."""
        manifest = await self._begin(utc_now(), contributes=contributes)
        known = await self._known(manifest)
        for dataset in Dataset:
            months = {file.date.replace(day=1) for file in manifest.files if file.dataset == dataset}
            for month in sorted(months | set(await self._reader.months(dataset))):
                manifest = await self._month(dataset, month, manifest, known)
        return await self._swaps.sweep(manifest, self._settings.keep_replaced_seconds)

    async def _begin(self, now: datetime, *, contributes: bool) -> Manifest:
        found = await asyncio.to_thread(self._lake.manifest, self._tenant_id)
        manifest = found or first_manifest(self._tenant_id, now, contributes=contributes)
        if found is None or manifest.contributes != contributes:
            return await self._swaps.swap(manifest.contributing(now, contributes=contributes))
        return manifest

    async def _known(self, manifest: Manifest) -> dict[tuple[Dataset, date], str]:
        """Give the fingerprints of the files that are there, and delete what a run left that died."""
        present = set(await asyncio.to_thread(self._lake.files_of, self._tenant_id))
        named = {file.path for file in manifest.files} | {file.path for file in manifest.replaced}
        for path in present - named:
            log.info("lake_leftover_deleted", path=path)
            await asyncio.to_thread(self._lake.remove, path)
        return {file.key: file.fingerprint for file in manifest.files if file.path in present}

    async def _month(
        self, dataset: Dataset, month: date, manifest: Manifest, known: dict[tuple[Dataset, date], str]
    ) -> Manifest:
        until = (month + timedelta(days=31)).replace(day=1)
        fingerprints = await self._reader.fingerprints(dataset, month, until)
        changed = [(day, now) for day, now in fingerprints.items() if known.get((dataset, day)) != now]
        gone = [
            file.key
            for file in manifest.files
            if file.dataset == dataset and month <= file.date < until and file.date not in fingerprints
        ]
        if not changed and not gone:
            return manifest
        written = await side_by_side(
            lambda each: self._write(dataset, *each), changed, at_most=self._settings.files_at_once
        )
        reached("lake_before_manifest")
        log.info("lake_month_exported", dataset=dataset.value, month=str(month), days=len(written), gone=len(gone))
        return await self._swaps.swap(manifest.next(utc_now(), written=written, gone=gone))

    async def _write(self, dataset: Dataset, day: date, fingerprint: str) -> LakeFile:
        """Write one day to a file of a name that never was."""
        name = f"{fingerprint}-{secrets.token_hex(_NAME_BYTES)}.parquet"
        path = f"tenants/{self._tenant_id}/{dataset}/date={day}/{name}"
        writing = await asyncio.to_thread(self._lake.begin, path)
        try:
            async for chunk in self._reader.rows(dataset, day):
                await asyncio.to_thread(writing.write, chunk)
            sha256 = await asyncio.to_thread(writing.keep)
        finally:
            await asyncio.to_thread(writing.discard)
        rows = await asyncio.to_thread(self._rows_in, path)
        reached("lake_after_file")
        after = await self._reader.fingerprints(dataset, day, day + _ONE_DAY)
        return LakeFile(
            dataset=dataset,
            date=day,
            path=path,
            rows=rows,
            size_bytes=writing.size_bytes,
            sha256=sha256,
            fingerprint=fingerprint if after.get(day) == fingerprint else _UNSETTLED,
        )

    def _rows_in(self, path: str) -> int:
        """Read the file's footer, which it has only if it is whole."""
        try:
            rows: int = pq.read_metadata(self._lake.path(path), filesystem=self._lake.filesystem).num_rows
        except pa.ArrowInvalid as error:
            self._lake.remove(path)
            raise StoreAwayError(f"The rows for {path} broke off.") from error
        return rows
