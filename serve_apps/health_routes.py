"""Health, measured at each call: nothing here is a constant but /livez, which says that the process answers."""

import asyncio
from collections.abc import Awaitable

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from schemas.problem import Problem
from serve_apps.answers import Alive, Health
from serve_apps.callers import tenant_of
from serve_apps.openapi import ANYBODY, RETRY_AFTER, TENANT, documented
from serve_apps.services import services_of
from storage.clickhouse.connect import StoreAwayError
from storage.postgres.connect import CONNECTION_LOST

router = APIRouter()
tenant_router = APIRouter()

HEALTH = {
    200: {"model": Health},
    503: {
        "model": Health,
        "description": "The same, with a part that is down.",
        "headers": {"Retry-After": RETRY_AFTER},
    },
}

_CHECK_SECONDS = 5.0


async def measure(check: Awaitable[object]) -> str:
    """Run one check: `ok`, or `down`."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check
    except (StoreAwayError, Problem, *CONNECTION_LOST):
        return "down"
    return "ok"


async def report(checks: dict[str, Awaitable[object]], **fields: str) -> Response:
    """Run all checks at once: 200 if all are well, else 503 with the same body."""
    states = dict(zip(checks, await asyncio.gather(*map(measure, checks.values())), strict=True))
    well = all(state == "ok" for state in states.values())
    body = {"status": "ok" if well else "degraded", **fields, "components": states}
    headers = {} if well else {"Retry-After": "1"}
    return Response(orjson.dumps(body), 200 if well else 503, headers=headers, media_type="application/json")


@router.get("/livez", response_model=Alive, **documented(ANYBODY))
async def livez() -> dict[str, str]:
    """Say that this process answers."""
    return {"status": "ok"}


@router.get("/readyz", **documented(ANYBODY, responses=HEALTH))
async def readyz(request: Request) -> Response:
    """Say whether this process can serve tenants: it has the directory, and the stores answer."""
    services = services_of(request)
    return await report({"directory": services.feed.refresh(), "clickhouse": services.store.ping()})


@tenant_router.get("/health", **documented(TENANT, responses=HEALTH))
async def get_health(request: Request) -> Response:
    """Measure the tenant's database, the event store and the tenant's actor."""
    tenant = await tenant_of(request)
    services = services_of(request)
    return await report(
        {
            "postgres": services.databases.tenant(tenant.tenant_id).ping(),
            "clickhouse": services.store.ping(),
            "actor": services.actors.check(tenant.tenant_id),
        },
        tenant=tenant.tenant_id,
    )
