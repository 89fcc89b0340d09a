"""What brought each conversion: one result with all its reasons, and the list of them."""

from contextlib import suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from attribution.own_credits import own_credits
from attribution.revisions import changes
from schemas.limits import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX
from schemas.problems import ActorUnavailable, ConversionUnknown, CursorInvalid, RequestInvalid
from serve_apps.answers import Attribution, Page
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.cursors import read_moment, write_cursor
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.parameters import Cursor, Limit, Moment, Word
from serve_apps.services import services_of
from storage.postgres.conversion_reader import (
    ConversionFilter,
    ConversionReader,
    FailedConversions,
    StoredConversion,
    StoredRevision,
)
from telemetry.clock import utc_now

router = APIRouter()

_CARRIED = ("app_id", "platform", "country", "device_id", "user_id", "revenue", "currency", "event_name")
_ANSWERED = ("is_organic", "media_source", "campaign", "attributed_touch_id")


@router.get(
    "/api/v1/attributions/{conversion_id}",
    response_model=Attribution,
    response_model_exclude_unset=True,
    **documented(USER, ConversionUnknown),
)
async def get_attribution(request: Request, conversion_id: Word) -> dict[str, Any]:
    """Give the result for one conversion: the winner, why every other touch lost, and how the answer came to be."""
    tenant, _ = await user_of(request)
    reader = ConversionReader(services_of(request).databases.tenant(tenant.tenant_id))
    stored = await reader.one(conversion_id)
    if stored is None:
        raise ConversionUnknown
    document = _document(stored) | {"revisions": _history(await reader.revisions(conversion_id))}
    if stored.result:
        document["credits"] = stored.result["credits"] | own_credits(stored.result)
    return document


@router.get(
    "/api/v1/attributions",
    response_model=Page[Attribution],
    response_model_exclude_unset=True,
    **documented(USER, CursorInvalid),
)
async def list_attributions(
    request: Request,
    since: Annotated[Moment | None, Query(alias="from", description="Converted at or after this time.")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Converted before this time.")] = None,
    conversion_type: Word | None = None,
    media_source: Word | None = None,
    campaign: Word | None = None,
    *,
    is_organic: bool | None = None,
    state: Literal["attributed", "failed"] = "attributed",
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> dict[str, Any]:
    """List attributed conversions, newest first; or those that attribution gave up, whatever the other filters."""
    tenant, _ = await user_of(request)
    reader = ConversionReader(services_of(request).databases.tenant(tenant.tenant_id))
    before = read_moment(cursor) if cursor else None
    if state == "failed":
        page = await reader.failed(before=before, now=utc_now(), limit=limit)
    else:
        chosen = ConversionFilter(since, until, conversion_type, media_source, campaign, is_organic)
        page = await reader.page(chosen, before=before, now=utc_now(), limit=limit)
    last = page[-1] if len(page) == limit else None
    return {
        "data": [_document(stored) for stored in page],
        "next_cursor": last and write_cursor(last.conversion_time.isoformat(), last.conversion_id),
    }


class AskedRetry(BaseModel):
    """Which conversions; left out: all that failed."""

    model_config = ConfigDict(extra="forbid")

    conversion_ids: Annotated[list[Word], Field(min_length=1, max_length=PAGE_ROWS_MAX)] | None = None


class Retried(BaseModel):
    """How many conversions wait for a result again."""

    retried: int


@router.post(
    "/api/v1/attributions/failed/retry", status_code=202, response_model=Retried, **documented(EDITOR, RequestInvalid)
)
async def retry_attributions(request: Request, asked: AskedRetry) -> dict[str, int]:
    """Let failed conversions wait for a result again, once what made them fail is mended."""
    tenant, _ = await user_of(request)
    services = services_of(request)
    async with audited(request, "attribution.retry") as entry:
        retried = await FailedConversions(services.databases.tenant(tenant.tenant_id)).retry(asked.conversion_ids)
        entry.detail = {"retried": retried}
    with suppress(ActorUnavailable):
        await services.actors.look_again(tenant.tenant_id)
    return {"retried": retried}


def _document(stored: StoredConversion) -> dict[str, Any]:
    document = {
        "conversion_id": stored.conversion_id,
        "conversion_type": stored.conversion_type,
        "conversion_time": stored.conversion_time,
        "received_at": stored.received_at,
        "state": _state(stored),
        "revision": stored.revision,
        "attributed_at": stored.attributed_at,
    }
    if stored.failure is not None:
        document["failure"] = stored.failure
    document |= {name: stored.event[name] for name in _CARRIED if name in stored.event}
    return document | {name: value for name, value in (stored.result or {}).items() if name not in document}


def _history(revisions: list[StoredRevision]) -> list[dict[str, Any]]:
    """Write down each revision with what it changed of the one before, oldest first."""
    before: list[StoredRevision | None] = [None, *revisions]
    return [
        {
            "revision": each.revision,
            "cause": each.cause,
            "attributed_at": each.attributed_at,
            "policy_version": each.policy_version,
            "model_version": each.model_version,
            **{name: each.result.get(name) for name in _ANSWERED},
            "changes": [change._asdict() for change in (changes(last.result, each.result) if last else ())],
        }
        for last, each in zip(before, revisions, strict=False)
    ]


def _state(stored: StoredConversion) -> str:
    if stored.result:
        return "attributed"
    return "pending" if stored.failure is None else "failed"
