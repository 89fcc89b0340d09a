"""Dead letters: what was rejected and why, counted, mended and sent again."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, Strict, StrictBool, model_validator
from starlette.requests import Request

from ingest.merge_patch import merge_patch
from ingest.rejections import STAMPED_FIELDS
from schemas.limits import PAGE_ROWS_DEFAULT, PAGE_ROWS_MAX
from schemas.problems import CursorInvalid, DeadLetterUnknown, RequestInvalid
from serve_apps.answers import Listing, Page, RejectedLetter, Replayed
from serve_apps.audited import audited_elsewhere
from serve_apps.callers import user_of
from serve_apps.cursors import read_cursor, write_cursor
from serve_apps.intake import IngestOptions, rejected_document
from serve_apps.openapi import EDITOR, INTAKE, USER, documented
from serve_apps.parameters import Cursor, Limit, RowId, Word
from serve_apps.services import services_of
from storage.postgres.dead_letters import DeadLetterFilter, DeadLetters, ReasonCount, StoredDeadLetter

router = APIRouter()

_ROW_ID_DIGITS_MAX = 18

Stage = Literal["rejected", "quarantined"]


class Replay(BaseModel):
    """Which dead letters to send again, and how to mend them first.

    Without `ids` and filters, all that wait are meant; at most 1,000 are sent in one call.
    """

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[RowId, Strict()]] | None = Field(None, max_length=PAGE_ROWS_MAX)
    stage: Stage | None = None
    reason: Word | None = None
    event_type: Word | None = None
    patch: dict[str, Any] = Field({}, description="JSON Merge Patch (RFC 7396) that is applied to each event.")
    event: dict[str, Any] | None = Field(
        None, description="The event to send in the place of the one in `ids`, also if that is no JSON."
    )
    dry_run: StrictBool = Field(default=False, description="Only say what would become of them.")

    @model_validator(mode="after")
    def _one_for_one(self) -> "Replay":
        if self.event is not None and (len(self.ids or ()) != 1 or self.patch):
            raise ValueError("`event` needs exactly one id in `ids`, and no `patch`")
        return self


@router.get(
    "/api/v1/events/rejected",
    response_model=Page[RejectedLetter],
    response_model_exclude_unset=True,
    **documented(USER, CursorInvalid),
)
async def list_rejected(
    request: Request,
    stage: Stage | None = None,
    reason: Word | None = None,
    event_type: Word | None = None,
    event_id: Word | None = None,
    *,
    replayed: bool | None = False,
    cursor: Cursor = None,
    limit: Limit = PAGE_ROWS_DEFAULT,
) -> dict[str, Any]:
    """List dead letters, newest first; those that were replayed only with `replayed=true`."""
    tenant, _ = await user_of(request)
    letters = DeadLetters(services_of(request).databases.tenant(tenant.tenant_id))
    chosen = DeadLetterFilter(stage, reason, event_type, event_id, is_replayed=replayed)
    page = await letters.page(chosen, before=_position(cursor), limit=limit)
    last = page[-1] if len(page) == limit else None
    return {
        "data": [_document(letter) for letter in page],
        "next_cursor": last and write_cursor(last.received_at.isoformat(), str(last.dead_letter_id)),
    }


@router.get("/api/v1/events/rejected/counts", response_model=Listing[ReasonCount], **documented(USER))
async def count_rejected(request: Request) -> dict[str, Any]:
    """Count the dead letters that wait by reason, type and field, the most frequent first."""
    tenant, _ = await user_of(request)
    letters = DeadLetters(services_of(request).databases.tenant(tenant.tenant_id))
    return {"data": [asdict(count) for count in await letters.counts(PAGE_ROWS_MAX)]}


@router.get(
    "/api/v1/events/rejected/{dead_letter_id:int}",
    response_model=RejectedLetter,
    response_model_exclude_unset=True,
    **documented(USER, DeadLetterUnknown),
)
async def get_rejected(request: Request, dead_letter_id: RowId) -> dict[str, Any]:
    """Give one dead letter, whether it was replayed or not."""
    tenant, _ = await user_of(request)
    letters = DeadLetters(services_of(request).databases.tenant(tenant.tenant_id))
    page = await letters.page(DeadLetterFilter(ids=[dead_letter_id]), limit=1)
    if not page:
        raise DeadLetterUnknown
    return _document(page[0])


@router.post("/api/v1/events/rejected/replay", response_model=Replayed, **documented(EDITOR, *INTAKE, RequestInvalid))
async def replay_rejected(request: Request, order: Replay) -> dict[str, Any]:
    """Mend dead letters with one patch, or one by hand, and send them again; what is still invalid stays, and why."""
    tenant, _ = await user_of(request)
    services = services_of(request)
    letters = DeadLetters(services.databases.tenant(tenant.tenant_id))
    chosen = DeadLetterFilter(order.stage, order.reason, order.event_type, ids=order.ids, is_replayed=False)
    page = await letters.page(chosen, limit=PAGE_ROWS_MAX)
    read = [(letter, _event_of(letter) if order.event is None else order.event) for letter in page]
    whole = [(letter, event) for letter, event in read if event is not None]
    left_out = {"cut_or_not_json": [letter.dead_letter_id for letter, event in read if event is None]}
    if not whole:
        return {"accepted": 0, "duplicates": 0, "rejected": [], **left_out}
    mended = [merge_patch(event, order.patch) for _, event in whole]
    options = IngestOptions(is_replay=True, dry_run=order.dry_run)
    if order.dry_run:
        answer = await services.intake.take(tenant.tenant_id, mended, request, options)
    else:
        async with audited_elsewhere(request, "rejected.replay", "", {"events": len(mended)}):
            answer = await services.intake.take(tenant.tenant_id, mended, request, options)
    failed = {rejection.index for rejection in answer.rejected}
    if not order.dry_run:
        await letters.mark_replayed(
            [each.dead_letter_id for place, (each, _) in enumerate(whole) if place not in failed]
        )
    still_rejected = [
        {"dead_letter_id": whole[rejection.index][0].dead_letter_id, **rejected_document(rejection)}
        for rejection in answer.rejected
    ]
    return {"accepted": answer.accepted, "duplicates": answer.duplicates, "rejected": still_rejected, **left_out}


def _position(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    _, identity = read_cursor(cursor)
    if not (identity.isdecimal() and len(identity) <= _ROW_ID_DIGITS_MAX):
        raise CursorInvalid
    return int(identity)


def _event_of(letter: StoredDeadLetter) -> Any:
    """Read the event as it was sent; None if it was cut or never was JSON."""
    if not letter.is_whole:
        return None
    try:
        event = orjson.loads(letter.raw)
    except orjson.JSONDecodeError:
        return None
    if letter.stage == "quarantined":
        # It was accepted once, and stamped.
        event = {name: value for name, value in event.items() if name not in STAMPED_FIELDS}
    return event


def _document(letter: StoredDeadLetter) -> dict[str, Any]:
    document = asdict(letter)
    del document["raw"], document["is_whole"]
    event = _event_of(letter)
    return document | ({"raw": letter.raw.decode(errors="replace")} if event is None else {"event": event})
