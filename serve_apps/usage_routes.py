"""Usage by tenant, from counts that are kept anyway: no event is looked at, whatever the span."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from schemas.problems import CursorInvalid, ParameterInvalid
from schemas.tenant_life import TenantState
from serve_apps.cursors import read_word, write_cursor
from serve_apps.openapi import documented, platform_key
from serve_apps.parameters import Cursor, Moment, Word, asked_span
from serve_apps.platform_answers import EventUsage, StorageUsage, TenantUsage, Usage, WaitingUsage
from serve_apps.services import Services, services_of
from storage.clickhouse.connect import StoreAwayError
from storage.clickhouse.usage import StoreUsage, store_usage
from storage.postgres.connect import CONNECTION_LOST, DATABASE_GONE
from storage.postgres.tenant_admin import DatabaseUsage, TenantAdmin, TenantRow, read_usage
from telemetry.side_by_side import side_by_side

router = APIRouter()

_DAY = timedelta(days=1)
_WITH_DATABASE = frozenset({TenantState.ACTIVE, TenantState.SUSPENDED, TenantState.EXPORTING})
_ROWS_MAX = 200
_ROWS_DEFAULT = 100


@router.get("/api/v1/usage", **documented(platform_key("usage"), ParameterInvalid, CursorInvalid))
async def list_usage(
    request: Request,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    until: Annotated[Moment | None, Query(alias="to")] = None,
    tenant_id: Word | None = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=_ROWS_MAX, description="Tenants of a page.")] = _ROWS_DEFAULT,
) -> Usage:
    """Give events, storage, actors and what waits, by tenant; default: the last 24 hours. Spans count whole minutes."""
    since, until = asked_span(since, until, _DAY)
    services = services_of(request)
    admin = TenantAdmin(services.databases.control())
    if tenant_id is not None:
        one = await admin.one(tenant_id)
        rows = [one] if one else []
    else:
        after = read_word(cursor) if cursor else ""
        rows = await admin.page(after=after, limit=limit)
    following = write_cursor("", rows[-1].tenant_id) if tenant_id is None and len(rows) == limit else None
    data = await _usage(services, admin, rows, since, until)
    return Usage.model_validate({"from": since, "to": until, "data": data, "next_cursor": following})


async def _usage(
    services: Services, admin: TenantAdmin, rows: list[TenantRow], since: datetime, until: datetime
) -> list[TenantUsage]:
    async def read(row: TenantRow) -> DatabaseUsage | None:
        if row.state not in _WITH_DATABASE:
            return None
        try:
            async with services.databases.briefly(row.tenant_id) as database:
                return await read_usage(database, since, until)
        except (*CONNECTION_LOST, *DATABASE_GONE):
            return None

    actors = await admin.active_shards([row.tenant_id for row in rows])
    try:
        stored = await store_usage(services.store, [row.tenant_id for row in rows])
    except StoreAwayError:
        stored = {}
    read_all = await side_by_side(read, rows)
    return [
        _document(row, used, stored.get(row.tenant_id), actors.get(row.tenant_id, 0))
        for row, used in zip(rows, read_all, strict=True)
    ]


def _document(row: TenantRow, used: DatabaseUsage | None, stored: StoreUsage | None, actors: int) -> TenantUsage:
    events = waiting = storage = None
    if used is not None:
        events = EventUsage(**{name: getattr(used, name) for name in EventUsage.model_fields})
        waiting = WaitingUsage(
            events=used.freshness.waiting_events,
            bytes=used.freshness.waiting_bytes,
            age_seconds=used.freshness.waiting_age_seconds,
            conversions=used.pending_conversions,
        )
        storage = StorageUsage(
            postgres_bytes=used.postgres_bytes,
            clickhouse_bytes=stored and stored.size_bytes,
            event_rows=stored and stored.event_rows,
        )
    return TenantUsage.model_validate(
        {
            "tenant_id": row.tenant_id,
            "state": row.state,
            "events": events,
            "waiting": waiting,
            "storage": storage,
            "actors": actors,
        }
    )
