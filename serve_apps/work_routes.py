"""Who is at work: the attribution pool, and the actors of tenants with the processes that serve them."""

import re
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request

from actors.host_states import host_states
from actors.placement import place_of
from actors.pool_state import pool_state
from schemas.problems import CursorInvalid
from serve_apps.cursors import read_cursor, write_cursor
from serve_apps.openapi import documented, platform_key
from serve_apps.parameters import Cursor, Word
from serve_apps.platform_answers import Actor, Actors, Host, Pool
from serve_apps.services import services_of
from storage.postgres.active_shards import ActiveShards

router = APIRouter()

_USAGE = platform_key("usage")
_ROWS_MAX = 500
_ROWS_DEFAULT = 100
_SHARD = re.compile("[0-9]{1,2}/[0-9]{1,2}")


@router.get("/api/v1/pool", **documented(_USAGE))
async def get_pool(request: Request) -> Pool:
    """Give the state of the attribution pool: its replicas, and what each has to do."""
    settings = services_of(request).settings.pool
    state = asdict(await pool_state())
    loads = [load._asdict() for load in state.pop("loads")]
    limits = {"replicas_min": settings.replicas_min, "replicas_max": settings.replicas_max}
    return Pool.model_validate(state | limits | {"loads": loads})


@router.get("/api/v1/actors", **documented(_USAGE, CursorInvalid))
async def list_actors(
    request: Request,
    tenant_id: Word | None = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=_ROWS_MAX, description="Actors of a page.")] = _ROWS_DEFAULT,
) -> Actors:
    """List the actors at work, with the processes that serve them. One that is idle leaves, and starts when needed."""
    services = services_of(request)
    after = _position(cursor) if cursor else ("", 0, 0)
    active = await ActiveShards(services.databases.control()).page(after=after, tenant_id=tenant_id, limit=limit)
    actors = [
        Actor(
            tenant_id=each.tenant_id,
            shard=each.shard.index,
            shards=each.shard.count,
            since=each.since,
            place=place_of(each.tenant_id, each.shard, services.settings.actor.hosts),
        )
        for each in active
    ]
    states = await host_states({actor.place for actor in actors}, services.settings)
    last = active[-1] if len(active) == limit else None
    return Actors(
        data=actors,
        hosts={place: state and Host.model_validate(state._asdict()) for place, state in states.items()},
        next_cursor=last and write_cursor(f"{last.shard.index}/{last.shard.count}", last.tenant_id),
    )


def _position(cursor: str) -> tuple[str, int, int]:
    """Read the actor after which a page begins.

    Raises:
        CursorInvalid: `write_cursor` did not make it.
    """
    shard, tenant_id = read_cursor(cursor)
    index, _, count = shard.partition("/")
    if not _SHARD.fullmatch(shard) or "\0" in tenant_id:
        raise CursorInvalid
    return tenant_id, int(index), int(count)
