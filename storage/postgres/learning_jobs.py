"""Trainings and exports among the platform's jobs: asked for, carried out once at a time, shown; and what they saw."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from schemas.ids import TenantId
from schemas.learning import ForetoldInstalls, LearnedKind, LearnedModelDocument
from schemas.learning_jobs import LearningDetail, LearningJobKind
from storage.postgres.jobs import JobRecord, Jobs, JobSupersededError, job_of
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "learning_jobs.sql")
_ID_BYTES = 6


@dataclass(frozen=True, slots=True)
class DriftRecord:
    """How a model does on a tenant's newest days, as it was seen last."""

    kind: LearnedKind
    seen_at: datetime
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TenantDriftRecord:
    """The same of one of all tenants; the model is its own, or the global one."""

    tenant_id: TenantId
    is_global: bool
    drift: DriftRecord


@dataclass(frozen=True, slots=True)
class ValuesRecord:
    """The model of lifetime value that serves a tenant, and what it foretold of the installs; None: nothing yet."""

    model: LearnedModelDocument
    seen_at: datetime | None
    foretold: ForetoldInstalls | None


def learning_job_id(kind: LearningJobKind, tenant_id: TenantId | None, model: LearnedKind | None) -> str:
    """Make the id of a job; that of a training is its model's, too."""
    return f"{model or kind.replace('_', '-')}-{tenant_id or 'global'}-{secrets.token_hex(_ID_BYTES)}"


class LearningJobs(Jobs):
    """Reads and records jobs of learning."""

    channel = "learning_jobs"

    async def add(self, kind: LearningJobKind, tenant_id: TenantId | None, detail: LearningDetail) -> JobRecord | None:
        """Ask for a job; None if the same is under way, or the tenant is not active."""
        job_id = learning_job_id(kind, tenant_id, detail.model)
        async with self._control.connection() as connection:
            row = await connection.fetchrow(
                _SQL["add"], job_id, tenant_id or "", kind, orjson.dumps(detail.stored()).decode()
            )
        return None if row is None else job_of(row)

    async def under_way(
        self, kind: LearningJobKind, tenant_id: TenantId | None, model: LearnedKind | None
    ) -> JobRecord | None:
        """Find the unfinished job of a kind, a scope and a model."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(_SQL["under_way"], kind, tenant_id or "", model or "")
        return None if row is None else job_of(row)

    async def unfinished(self) -> list[str]:
        """List the jobs of learning that have not ended, oldest first."""
        async with self._control.connection() as connection:
            return [row["job_id"] for row in await connection.fetch(_SQL["unfinished"])]

    async def newest(self) -> dict[tuple[str, str, str], datetime]:
        """Say when each was last asked for, by kind, tenant ('' for all) and model ('' for an export)."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["newest"])
        return {(row["kind"], row["tenant_id"], row["model"]): row["asked_at"] for row in rows}

    async def of_tenant(
        self, tenant_id: TenantId, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[JobRecord]:
        """Read a tenant's own jobs, newest first, those before a (created_at, job_id)."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["page"], tenant_id, *(before or (None, "")), limit)
        return [job_of(row) for row in rows]

    async def record(self, job: JobRecord, detail: LearningDetail, lines: Sequence[str] = ()) -> None:
        """Record how far a job came, and what it said since.

        Raises:
            JobSupersededError: a later run has begun, or the job has ended; so `finish`.
        """
        text = orjson.dumps(detail.stored()).decode()
        async with self._control.connection() as connection:
            if await connection.fetchval(_SQL["record"], job.job_id, job.run, text, list(lines)) is None:
                raise JobSupersededError

    async def finish(self, job: JobRecord, error: str | None) -> None:
        """End a job."""
        async with self._control.connection() as connection:
            if await connection.fetchval(_SQL["finish"], job.job_id, job.run, error) is None:
                raise JobSupersededError

    async def active_tenants(self) -> dict[TenantId, datetime]:
        """List the tenants whose days are exported, with when they were made."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["active_tenants"])
        return {TenantId(row["tenant_id"]): row["created_at"] for row in rows}

    async def keep_drift(self, tenant_id: TenantId, kind: LearnedKind, document: dict[str, Any]) -> None:
        """Keep what was seen of a model on a tenant's days, in the place of what was seen before."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["keep_drift"], tenant_id, kind, orjson.dumps(document).decode())

    async def drift(self, tenant_id: TenantId) -> list[DriftRecord]:
        """Read what was seen last."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["drift"], tenant_id)
        return [_drift(row) for row in rows]

    async def all_drift(self) -> list[TenantDriftRecord]:
        """Read what was seen last of the champions, on every active tenant's days: by kind, the global ones first."""
        async with self._control.connection() as connection:
            rows = await connection.fetch(_SQL["all_drift"])
        return [TenantDriftRecord(TenantId(row["tenant_id"]), row["is_global"], _drift(row)) for row in rows]

    async def keep_values(self, tenant_id: TenantId, model_id: str, foretold: ForetoldInstalls) -> None:
        """Keep what is known of the snapshot of a tenant's installs that counts from now on."""
        async with self._control.connection() as connection:
            await connection.execute(_SQL["keep_values"], tenant_id, model_id, foretold.model_dump_json())

    async def values(self, tenant_id: TenantId) -> ValuesRecord | None:
        """Read which model foretells a tenant's installs, and what it foretold; None: there is no such model."""
        async with self._control.connection() as connection:
            row = await connection.fetchrow(_SQL["values"], tenant_id)
        if row is None:
            return None
        foretold = None if row["document"] is None else ForetoldInstalls.model_validate_json(row["document"])
        return ValuesRecord(LearnedModelDocument.model_validate_json(row["model"]), row["seen_at"], foretold)

    async def unvalued(self) -> list[TenantId]:
        """List the tenants whose installs the serving model has not foretold, and is not about to."""
        async with self._control.connection() as connection:
            return [TenantId(row["tenant_id"]) for row in await connection.fetch(_SQL["unvalued"])]


def _drift(row: Mapping[str, Any]) -> DriftRecord:
    return DriftRecord(LearnedKind(row["kind"]), row["seen_at"], orjson.loads(row["document"]))
