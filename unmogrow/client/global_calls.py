"""Calls of the global plane, as openapi/global.json says: made by `make openapi`, never edited."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Literal

from unmogrow.client.caller import Caller, pages, segment
from unmogrow.client.global_models import (
    Actor,
    Actors,
    AskedPlatformRollback,
    EventTypes,
    Job,
    JobPage,
    JobWithLogs,
    MadePlatformKey,
    NewKey,
    NewPlatformRetrain,
    NewTenant,
    NewTenantAnswer,
    PlatformDriftListing,
    PlatformKeyListing,
    PlatformModel,
    PlatformModelPage,
    PlatformModelWithHistory,
    Pool,
    RolledBack,
    Tenant,
    TenantPage,
    TenantPatch,
    TenantUsage,
    Usage,
)


class GlobalCalls(Caller):
    """The calls of this plane."""

    async def create_tenant(self, body: NewTenant | Mapping[str, Any]) -> NewTenantAnswer:
        """Make a tenant with its databases, keys and first user; its first event can be sent when this answers."""
        answer: NewTenantAnswer = await self._call(NewTenantAnswer, "POST", "/api/v1/tenants", body=body)
        return answer

    async def list_tenants(
        self,
        *,
        state: Literal["provisioning", "active", "suspended", "exporting", "erasing", "gone"] | None = None,
        search: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> TenantPage:
        """List tenants in the order of their ids, in whatever state."""
        answer: TenantPage = await self._call(
            TenantPage,
            "GET",
            "/api/v1/tenants",
            query={"state": state, "search": search, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_tenants(
        self,
        *,
        state: Literal["provisioning", "active", "suspended", "exporting", "erasing", "gone"] | None = None,
        search: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Tenant]:
        """Give every row of `list_tenants`, page by page."""
        return pages(lambda cursor: self.list_tenants(cursor=cursor, state=state, search=search, limit=limit))

    async def get_tenant(self, tenant_id: str) -> Tenant:
        """Give one tenant."""
        answer: Tenant = await self._call(Tenant, "GET", f"/api/v1/tenants/{segment(tenant_id)}")
        return answer

    async def change_tenant(self, tenant_id: str, body: TenantPatch | Mapping[str, Any]) -> Tenant:
        """Change a tenant's host, name, limits or shards; replicas know within a second."""
        answer: Tenant = await self._call(Tenant, "PATCH", f"/api/v1/tenants/{segment(tenant_id)}", body=body)
        return answer

    async def delete_tenant(self, tenant_id: str, *, confirm: str | None = None) -> Job:
        """Export all that a tenant has, then erase it. The answered job says how far it came; asked again: the same."""
        answer: Job = await self._call(
            Job, "DELETE", f"/api/v1/tenants/{segment(tenant_id)}", query={"confirm": confirm}
        )
        return answer

    async def suspend_tenant(self, tenant_id: str) -> Tenant:
        """Let nothing of a tenant in or out: 403 `tenant-suspended` within a second. What was accepted is still stored."""
        answer: Tenant = await self._call(Tenant, "POST", f"/api/v1/tenants/{segment(tenant_id)}/suspend")
        return answer

    async def resume_tenant(self, tenant_id: str) -> Tenant:
        """Serve a suspended tenant again."""
        answer: Tenant = await self._call(Tenant, "POST", f"/api/v1/tenants/{segment(tenant_id)}/resume")
        return answer

    async def list_platform_keys(self) -> PlatformKeyListing:
        """List the platform keys that work, oldest first, without the keys."""
        answer: PlatformKeyListing = await self._call(PlatformKeyListing, "GET", "/api/v1/platform-keys")
        return answer

    async def create_platform_key(self, body: NewKey | Mapping[str, Any]) -> MadePlatformKey:
        """Make a platform key; it is told once."""
        answer: MadePlatformKey = await self._call(MadePlatformKey, "POST", "/api/v1/platform-keys", body=body)
        return answer

    async def revoke_platform_key(self, key_id: str) -> None:
        """Revoke a platform key: refused within a second, for good."""
        await self._call(None, "DELETE", f"/api/v1/platform-keys/{segment(key_id)}")

    async def list_usage(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        tenant_id: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Usage:
        """Give events, storage, actors and what waits, by tenant; default: the last 24 hours. Spans count whole minutes."""
        answer: Usage = await self._call(
            Usage,
            "GET",
            "/api/v1/usage",
            query={"from": from_, "to": to, "tenant_id": tenant_id, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_usage(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        tenant_id: str | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[TenantUsage]:
        """Give every row of `list_usage`, page by page."""
        return pages(
            lambda cursor: self.list_usage(cursor=cursor, from_=from_, to=to, tenant_id=tenant_id, limit=limit)
        )

    async def get_pool(self) -> Pool:
        """Give the state of the attribution pool: its replicas, and what each has to do."""
        answer: Pool = await self._call(Pool, "GET", "/api/v1/pool")
        return answer

    async def list_actors(
        self, *, tenant_id: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> Actors:
        """List the actors at work, with the processes that serve them. One that is idle leaves, and starts when needed."""
        answer: Actors = await self._call(
            Actors, "GET", "/api/v1/actors", query={"tenant_id": tenant_id, "cursor": cursor, "limit": limit}
        )
        return answer

    def iter_actors(self, *, tenant_id: str | None = None, limit: int | None = None) -> AsyncIterator[Actor]:
        """Give every row of `list_actors`, page by page."""
        return pages(lambda cursor: self.list_actors(cursor=cursor, tenant_id=tenant_id, limit=limit))

    async def list_jobs(
        self,
        *,
        tenant_id: str | None = None,
        kind: Literal["provision", "delete", "import", "retrain", "lake_export", "recompute", "fraud-review"]
        | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> JobPage:
        """List jobs, newest first: of tenants' lives, imports, recomputations, fraud reviews, trainings, lake exports."""
        answer: JobPage = await self._call(
            JobPage,
            "GET",
            "/api/v1/jobs",
            query={"tenant_id": tenant_id, "kind": kind, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_jobs(
        self,
        *,
        tenant_id: str | None = None,
        kind: Literal["provision", "delete", "import", "retrain", "lake_export", "recompute", "fraud-review"]
        | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[Job]:
        """Give every row of `list_jobs`, page by page."""
        return pages(lambda cursor: self.list_jobs(cursor=cursor, tenant_id=tenant_id, kind=kind, limit=limit))

    async def get_job(self, job_id: str) -> JobWithLogs:
        """Give one job with what it said."""
        answer: JobWithLogs = await self._call(JobWithLogs, "GET", f"/api/v1/jobs/{segment(job_id)}")
        return answer

    async def list_platform_models(
        self,
        *,
        tenant_id: str | None = None,
        kind: Literal["conversion", "pltv", "anomaly"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> PlatformModelPage:
        """List learned models, newest first: every one, or of one tenant."""
        answer: PlatformModelPage = await self._call(
            PlatformModelPage,
            "GET",
            "/api/v1/models",
            query={"tenant_id": tenant_id, "kind": kind, "cursor": cursor, "limit": limit},
        )
        return answer

    def iter_platform_models(
        self,
        *,
        tenant_id: str | None = None,
        kind: Literal["conversion", "pltv", "anomaly"] | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[PlatformModel]:
        """Give every row of `list_platform_models`, page by page."""
        return pages(
            lambda cursor: self.list_platform_models(cursor=cursor, tenant_id=tenant_id, kind=kind, limit=limit)
        )

    async def retrain_platform_model(self, body: NewPlatformRetrain | Mapping[str, Any]) -> Job:
        """Train a model anew in the background: a tenant's own, or the global one from all that contribute."""
        answer: Job = await self._call(Job, "POST", "/api/v1/models/retrain", body=body)
        return answer

    async def roll_back_platform_model(self, body: AskedPlatformRollback | Mapping[str, Any]) -> RolledBack:
        """Put the newest champion before back that can be loaded; without one, the scope does without."""
        answer: RolledBack = await self._call(RolledBack, "POST", "/api/v1/models/rollback", body=body)
        return answer

    async def get_platform_drift(self) -> PlatformDriftListing:
        """Say how each champion does on the newest days of those it serves: drift, calibration, freshness."""
        answer: PlatformDriftListing = await self._call(PlatformDriftListing, "GET", "/api/v1/models/drift")
        return answer

    async def get_platform_model(self, model_id: str) -> PlatformModelWithHistory:
        """Give one model with the history of its scope."""
        answer: PlatformModelWithHistory = await self._call(
            PlatformModelWithHistory, "GET", f"/api/v1/models/{segment(model_id)}"
        )
        return answer

    async def promote_platform_model(self, model_id: str) -> PlatformModel:
        """Make a model the champion of its scope, if it can be loaded from the lake."""
        answer: PlatformModel = await self._call(PlatformModel, "POST", f"/api/v1/models/{segment(model_id)}/promote")
        return answer

    async def list_event_types(self) -> EventTypes:
        """List the event types; the schema of each is at /schemas/events/{type}.json."""
        answer: EventTypes = await self._call(EventTypes, "GET", "/schemas/events")
        return answer

    async def get_event_type_schema(self, event_type: str) -> dict[str, Any]:
        """Give the JSON Schema (draft 2020-12) of an event type."""
        answer: dict[str, Any] = await self._call(dict[str, Any], "GET", f"/schemas/events/{segment(event_type)}.json")
        return answer
