"""Who runs imports: a Ray task for each, and one detached actor that owns the tasks.

A task ends with its owner, and a replica of Serve may end at any time; so the owner is an actor that Ray starts
again for ever. It looks up what is unfinished when it starts, is told of what comes, and leaves when there is
nothing left to do. A task whose process dies is started again by Ray; what it had done, the database knows.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ray
import structlog
from ray.exceptions import RayActorError, RayError, RayTaskError

from ingest.conversions import conversion_tests
from jobs.import_work import Appender, ImportRun, patiently
from jobs.nicely import run_nicely
from schemas.backends import Backends
from schemas.ids import TenantId
from schemas.problems import ActorUnavailable
from schemas.settings import Settings
from storage.import_files import ImportFiles
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE, Databases
from storage.postgres.directory import DirectoryReader, TenantRecord
from storage.postgres.imports import Imports
from storage.postgres.jobs import Jobs, import_job_id
from telemetry.logs import configure_logs
from telemetry.side_by_side import side_by_side

_NAME = "imports"
_SWEPT_AFTER_SECONDS = 3_600.0
_REST_SECONDS = 30.0
_TRIES = 5
_RETRY_SECONDS = 0.5
_START_SECONDS = 20.0

AppenderFactory = Callable[[Backends, Settings], Appender]
_Key = tuple[TenantId, str]

log = structlog.get_logger()


def run_import(
    tenant_id: TenantId, import_id: str, backends: Backends, settings: Settings, appender: AppenderFactory
) -> None:
    """Do the Ray task: one run of an import."""
    configure_logs()

    async def run() -> None:
        structlog.contextvars.bind_contextvars(tenant=tenant_id)
        databases = Databases(backends, settings.postgres)
        files = ImportFiles(settings.imports_folder, tenant_id)
        imports = Imports(databases.tenant(tenant_id))
        try:
            if import_id not in await patiently(imports.unfinished):
                # It was asked for twice, and the other run has ended it.
                return
            directory = DirectoryReader(databases.control())
            named = await patiently(lambda: directory.conversion_events(tenant_id))
            run = ImportRun(tenant_id, imports, files, appender(backends, settings), conversion_tests(named))
            jobs, job_id = Jobs(databases.control()), import_job_id(tenant_id, import_id)
            await patiently(lambda: jobs.enter_import(tenant_id, import_id))
            await patiently(lambda: jobs.log(job_id, "a run began"))
            await run.carry_out(import_id)
            ended = await patiently(lambda: imports.one(import_id))
            await patiently(lambda: jobs.log(job_id, f"ended: {ended.state if ended else 'unknown'}"))
        finally:
            await databases.close()

    run_nicely(run())


async def find_unfinished(databases: Databases) -> dict[TenantId, list[str]]:
    """List every tenant's unfinished imports."""

    async def look(tenant: TenantRecord) -> tuple[TenantId, list[str]]:
        try:
            async with databases.briefly(tenant.tenant_id) as database:
                return tenant.tenant_id, await Imports(database).unfinished()
        except DATABASE_GONE:
            # The tenant was erased between the two looks.
            return tenant.tenant_id, []

    rows = await DirectoryReader(databases.control()).rows()
    return dict(await side_by_side(look, rows.tenants))


class ImportSupervisor:
    """The actor: starts tasks, a few at once, and one of a tenant at a time."""

    def __init__(self, backends: Backends, settings: Settings, appender: AppenderFactory) -> None:
        configure_logs()
        self._backends = backends
        self._settings = settings
        self._appender = appender
        self._asked: set[_Key] = set()
        self._running: dict[_Key, asyncio.Task[None]] = {}
        self._gate = asyncio.Semaphore(settings.imports.at_once)
        self._turns: defaultdict[TenantId, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._is_leaving = False
        self._jobs = Jobs(Databases(backends, settings.postgres).control())
        # How often a file may kill its reader, the database counts: Ray's own count begins anew with this actor.
        self._task = ray.remote(max_retries=-1, num_cpus=settings.imports.task_cpus)(run_import)
        self._life = asyncio.get_running_loop().create_task(self._live())

    async def start(self, tenant_id: TenantId, import_id: str) -> None:
        """Run an import when it is its turn.

        Raises:
            ActorUnavailable: this actor is about to leave; its successor will do it.
        """
        if self._is_leaving:
            raise ActorUnavailable(retry_after_seconds=1)
        key = (tenant_id, import_id)
        self._asked.add(key)
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._carry_out(key))

    async def _carry_out(self, key: _Key) -> None:
        tenant_id, import_id = key
        try:
            with suppress(*CONNECTION_LOST):
                # So that it is seen while it waits; its task enters it for certain.
                await self._jobs.enter_import(tenant_id, import_id)
            # One that failed may be asked for again before its task has ended.
            while key in self._asked:
                async with self._turns[tenant_id], self._gate:
                    self._asked.discard(key)
                    await self._task.remote(tenant_id, import_id, self._backends, self._settings, self._appender)
        except RayError:
            log.exception("import_task_failed", tenant=tenant_id, import_id=import_id)
        finally:
            del self._running[key]

    async def _live(self) -> None:
        try:
            await self._take_up()
        except Exception:
            log.exception("unfinished_imports_unknown")
        while True:
            await asyncio.sleep(_REST_SECONDS)
            if not self._running:
                self._is_leaving = True
                ray.kill(ray.get_runtime_context().current_actor)

    async def _take_up(self) -> None:
        """Go on with what an earlier supervisor left, and clear away what nobody wants any more."""
        databases = Databases(self._backends, self._settings.postgres)
        unfinished = await patiently(lambda: find_unfinished(databases))
        await databases.close()
        for tenant_id, import_ids in unfinished.items():
            files = ImportFiles(self._settings.imports_folder, tenant_id)
            files.sweep(import_ids, older_than_seconds=_SWEPT_AFTER_SECONDS)
            for import_id in import_ids:
                await self.start(tenant_id, import_id)


class ImportJobs:
    """What others say to the supervisor, which is started when first needed."""

    def __init__(self, backends: Backends, settings: Settings, appender: AppenderFactory) -> None:
        self._backends = backends
        self._settings = settings
        self._appender = appender

    def _supervisor(self) -> Any:
        return (
            ray.remote(ImportSupervisor)
            .options(
                name=_NAME,
                namespace=self._settings.ray_namespace,
                lifetime="detached",
                get_if_exists=True,
                max_restarts=-1,
                num_cpus=0,
            )
            .remote(self._backends, self._settings, self._appender)
        )

    async def start(self, tenant_id: TenantId, import_id: str) -> None:
        """Have an import run.

        Raises:
            ActorUnavailable: the supervisor is out of reach; it will find the import when it starts.
        """
        try:
            async with asyncio.timeout(_START_SECONDS):
                for _ in range(_TRIES):
                    try:
                        await self._supervisor().start.remote(tenant_id, import_id)
                    except (RayActorError, RayTaskError) as error:
                        log.warning("import_start_failed", error=repr(error))
                        await asyncio.sleep(_RETRY_SECONDS)
                    else:
                        return
        except TimeoutError as error:
            raise ActorUnavailable(retry_after_seconds=1) from error
        raise ActorUnavailable(retry_after_seconds=1)

    async def renew(self) -> None:
        """After a deployment: end a supervisor of older code, and start one if imports are unfinished."""
        try:
            ray.kill(ray.get_actor(_NAME, self._settings.ray_namespace))
        except ValueError:
            log.debug("no_supervisor")
        databases = Databases(self._backends, self._settings.postgres)
        if any((await find_unfinished(databases)).values()):
            self._supervisor()
        await databases.close()
