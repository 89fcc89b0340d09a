"""Jobs of the platform in the control database: what each is to do, which steps are done, what its runs said."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

from schemas.ids import TenantId
from storage.postgres.connect import Database
from storage.postgres.notifications import notifications
from storage.sql import load_queries

SQL = load_queries("storage.postgres", "jobs.sql")
_LINES_MAX = 500

WorkKind = Literal["import", "recompute", "fraud-review"]
"""A tenant's own work, which its own actors or tasks do; the other jobs decide on tenants' lives."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job; of a tenant's own work only that there is one: the tenant's own database knows the rest."""

    job_id: str
    tenant_id: TenantId
    kind: str
    created_at: datetime
    finished_at: datetime | None
    run: int
    steps_done: tuple[str, ...]
    detail: dict[str, Any]
    error: str | None
    secrets_sealed: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class LogLine:
    """Something that a run of a job said."""

    at: datetime
    line: str


class JobSupersededError(Exception):
    """A later run of the job has begun, or it has ended; this run may write nothing more."""


def job_of(row: Mapping[str, Any]) -> JobRecord:
    """Read a row of the table."""
    return JobRecord(
        job_id=row["job_id"],
        tenant_id=TenantId(row["tenant_id"]),
        kind=row["kind"],
        created_at=row["created_at"],
        finished_at=row["finished_at"],
        run=row["run"],
        steps_done=tuple(row["steps_done"]),
        detail=orjson.loads(row["detail"]),
        error=row["error"],
        secrets_sealed=row["secrets_sealed"],
    )


def work_id_of(job_id: str) -> str:
    """Take the own id of a tenant's import, recomputation or review from the name of its job."""
    return job_id.partition(".")[2]


class Jobs:
    """Reads and records jobs; `channel` is where those are told of that whoever asks carries out."""

    channel = "jobs"

    def __init__(self, control: Database) -> None:
        self._control = control

    async def one(self, job_id: str) -> JobRecord | None:
        """Find a job."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(SQL["one"], job_id)
        return None if row is None else job_of(row)

    async def page(
        self, *, before: tuple[datetime, str] | None, tenant_id: str | None, kind: str | None, limit: int
    ) -> list[JobRecord]:
        """Read jobs, newest first, those before a (created_at, job_id)."""
        created_at, job_id = before or (None, "")
        async with self._control.connection() as connection:
            rows = await connection.fetch(SQL["page"], created_at, job_id, tenant_id, kind, limit)
        return [job_of(row) for row in rows]

    async def unfinished(self) -> list[str]:
        """List the jobs of tenants' lives that have not ended, oldest first."""
        async with self._control.connection() as connection:
            return [row["job_id"] for row in await connection.fetch(SQL["unfinished"])]

    def entered(self) -> AsyncGenerator[str, None]:
        """Give the ids of jobs as they are entered, after one empty id: from then on none is missed.

        It ends when the connection breaks.

        Raises:
            CONNECTION_LOST: the database is away.
        """
        return notifications(self._control, self.channel)

    async def begin(self, job_id: str) -> JobRecord | None:
        """Start a run, after which no earlier one can write; None if the job has ended or is unknown."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(SQL["begin"], job_id)
        return None if row is None else job_of(row)

    async def record_step(self, job_id: str, run: int, step: str) -> None:
        """Record that a step is done.

        Raises:
            JobSupersededError: a later run has begun; so `record_detail`.
        """
        await self._record("record_step", job_id, run, step)

    async def record_detail(self, job_id: str, run: int, detail: dict[str, Any]) -> None:
        """Record how far a step came."""
        await self._record("record_detail", job_id, run, orjson.dumps(detail))

    async def note_failure(self, job_id: str, error: str) -> None:
        """Record why an unfinished job is tried again; its next step that is done clears it."""
        async with self._control.connection() as connection:
            await connection.execute(SQL["note_failure"], job_id, error)
            await connection.execute(SQL["log"], job_id, error)

    async def _record(self, query: str, job_id: str, run: int, value: object) -> None:
        async with self._control.connection() as connection:
            if await connection.fetchval(SQL[query], job_id, run, value) is None:
                raise JobSupersededError

    async def log(self, job_id: str, line: str) -> None:
        """Add a line to a job's log."""
        async with self._control.connection() as connection:
            await connection.execute(SQL["log"], job_id, line)

    async def logs(self, job_id: str) -> list[LogLine]:
        """Read the newest lines of a job's log, oldest of them first."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(SQL["logs"], job_id, _LINES_MAX)
        return [LogLine(row["at"], row["line"]) for row in reversed(rows)]

    async def forget_secrets(self) -> None:
        """Forget what new tenants' first answers told, a day after."""
        async with self._control.connection() as connection:
            await connection.execute(SQL["forget_secrets"])


class TenantWork:
    """Has one kind of a tenant's own work listed among the jobs; whatever is said twice is listed once."""

    def __init__(self, control: Database, tenant_id: TenantId, kind: WorkKind) -> None:
        self._control = control
        self._tenant_id = tenant_id
        self._kind = kind

    def job_id(self, work_id: str) -> str:
        """Name the job of some work, whose own id two tenants may have."""
        return f"{self._tenant_id}.{work_id}"

    async def enter(self, work_id: str) -> None:
        """Have it listed, so that it is seen while it waits."""
        async with self._control.connection() as connection:
            await connection.execute(SQL["enter"], self.job_id(work_id), self._tenant_id, self._kind)

    async def begin(self, work_id: str) -> None:
        """Have it listed for certain, and say that a run of it began."""
        await self.enter(work_id)
        await self._log(work_id, "a run began")

    async def end(self, work_id: str, state: str) -> None:
        """Say how it ended."""
        await self._log(work_id, f"ended: {state}")

    async def forget(self, days: int) -> None:
        """List no longer what is older than that: the tenant's own database forgets it, too."""
        async with self._control.connection() as connection:
            await connection.execute(SQL["forget_old_work"], self._tenant_id, self._kind, days)

    async def _log(self, work_id: str, line: str) -> None:
        async with self._control.connection() as connection:
            await connection.execute(SQL["log"], self.job_id(work_id), line)
