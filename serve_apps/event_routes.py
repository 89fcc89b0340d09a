"""A tenant's raw events: pages of them, and a live tail."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query
from starlette.requests import Request
from starlette.responses import StreamingResponse

from schemas.event_types import EventType
from schemas.limits import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX
from schemas.problems import CursorInvalid
from serve_apps.answers import Page, StoredEvent
from serve_apps.callers import is_live, user_of
from serve_apps.cursors import read_stored_moment, write_cursor
from serve_apps.live_tail import LiveTail
from serve_apps.openapi import USER, documented
from serve_apps.parameters import Cursor, Limit, Word
from serve_apps.services import services_of
from storage.clickhouse.connect import StoreAwayError
from storage.clickhouse.event_reader import EventFilter, EventReader, position_at, position_of
from telemetry.clock import utc_now

router = APIRouter()

_LOOK_SECONDS = 0.5
_LOOKS_PER_SIGN_OF_LIFE = 20


def _chosen(
    event_type: EventType | None = None, event_name: Word = "", media_source: Word = "", event_id: Word = ""
) -> EventFilter:
    return EventFilter(event_id, event_type or "", event_name, media_source)


Chosen = Annotated[EventFilter, Depends(_chosen)]


@router.get("/api/v1/events", response_model=Page[StoredEvent], **documented(USER, CursorInvalid))
async def list_events(
    request: Request,
    chosen: Chosen,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> dict[str, Any]:
    """List events as they are stored, newest first by arrival."""
    tenant, _ = await user_of(request)
    before = read_stored_moment(cursor) if cursor else None
    page = await EventReader(services_of(request).store, tenant.tenant_id).page(
        before=before, chosen=chosen, limit=limit
    )
    return {"data": page, "next_cursor": write_cursor(*position_of(page[-1])) if len(page) == limit else None}


@router.get(
    "/api/v1/events/live",
    response_class=StreamingResponse,
    **documented(
        USER, CursorInvalid, responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
    ),
)
async def follow_events(
    request: Request,
    chosen: Chosen,
    after: Annotated[
        str | None,
        Query(max_length=1024, description="Last-Event-ID, for a new connection of a browser: it can send no header."),
    ] = None,
    last_event_id: Annotated[str | None, Header(description="The `id` of the last event that was received.")] = None,
) -> StreamingResponse:
    """Follow events as they are stored, as server-sent events; Last-Event-ID goes on where a connection broke."""
    tenant, caller = await user_of(request)
    reader = EventReader(services_of(request).store, tenant.tenant_id)
    begun = last_event_id or after
    position = read_stored_moment(begun) if begun else position_at(utc_now())
    return StreamingResponse(
        _follow(LiveTail(reader, position, chosen), lambda: is_live(request, caller)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


async def _follow(tail: LiveTail, is_allowed: Callable[[], bool]) -> AsyncIterator[bytes]:
    quiet = 0
    while is_allowed():
        try:
            events = await tail.look()
        except StoreAwayError:
            events = []
        for position, event in events:
            yield b"id: %b\ndata: %b\n\n" % (write_cursor(*position).encode(), orjson.dumps(event))
        quiet = 0 if events else quiet + 1
        if quiet % _LOOKS_PER_SIGN_OF_LIFE == 1:
            yield b": quiet\n\n"
        if len(events) < PAGE_ROWS_MAX:
            await asyncio.sleep(_LOOK_SECONDS)
