"""Fraud: what the rules found, what others would, what people say of it, and judging again."""

from contextlib import suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from actors.attributor import PoolAwayError, PoolKilledError
from schemas.fraud_policy import FraudPolicy, FraudRule
from schemas.fraud_problems import (
    FraudPreviewTooSlow,
    ReviewUnknown,
    TooManyPreviews,
    TooManyReviews,
    VerdictUnknown,
)
from schemas.problems import ActorUnavailable, RequestInvalid
from serve_apps.answers import Listing
from serve_apps.audited import audited
from serve_apps.callers import user_of
from serve_apps.fraud_answers import FraudLabels, FraudPreview, FraudReviewShown
from serve_apps.openapi import EDITOR, USER, documented
from serve_apps.parameters import Word
from serve_apps.services import services_of
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.fraud_lists import FraudListStore
from storage.postgres.fraud_reviews import FraudReview, FraudReviews
from storage.postgres.jobs import TenantWork
from telemetry.clock import utc_now

router = APIRouter()

_REVIEWS_SHOWN = 50
_REVIEW_DAYS_MAX = 90


class NewLabel(BaseModel):
    """What somebody who looked into a conversion says of its findings: of one rule, or of all."""

    model_config = ConfigDict(extra="forbid")

    conversion_id: Word
    rule: FraudRule | None = None
    is_fraud: bool = Field(strict=True, description="True: the finding is right. False: it accuses the innocent.")
    note: Word = ""


class NewReview(BaseModel):
    """How many days back conversions are judged again."""

    model_config = ConfigDict(extra="forbid")

    days: int = Field(7, ge=1, le=_REVIEW_DAYS_MAX, strict=True)


@router.post(
    "/api/v1/fraud/preview",
    response_model=FraudPreview,
    **documented(USER, RequestInvalid, ActorUnavailable, FraudPreviewTooSlow, TooManyPreviews),
)
async def preview_fraud(request: Request, policy: FraudPolicy) -> dict[str, Any]:
    """Say what a fraud policy would do with the installs of the last 30 days; a rule left out has its default."""
    tenant, _ = await user_of(request)
    try:
        return await services_of(request).previews.preview(tenant.tenant_id, policy)
    except (PoolAwayError, PoolKilledError) as error:
        raise ActorUnavailable("The attribution pool does not answer at the moment.") from error
    except TimeoutError as error:
        raise FraudPreviewTooSlow from error


@router.post("/api/v1/fraud/labels", response_model=FraudLabels, **documented(EDITOR, VerdictUnknown, RequestInvalid))
async def label_fraud(request: Request, label: NewLabel) -> dict[str, Any]:
    """Confirm or refute what the rules found of a conversion: the report's precision is measured by it."""
    tenant, caller = await user_of(request)
    stored = FraudListStore(services_of(request).databases.tenant(tenant.tenant_id))
    detail = {"rule": label.rule, "is_fraud": label.is_fraud, "note": label.note}
    async with audited(request, "fraud-label.create", label.conversion_id, detail):
        labels = await stored.label(
            label.conversion_id, label.rule, caller.user_id, is_fraud=label.is_fraud, note=label.note
        )
        if not labels:
            raise VerdictUnknown
    return {"data": labels}


@router.post(
    "/api/v1/fraud/reviews",
    status_code=202,
    response_model=FraudReviewShown,
    **documented(EDITOR, RequestInvalid, TooManyReviews),
)
async def review_fraud(request: Request, new: NewReview) -> dict[str, Any]:
    """Judge the conversions of the last days again, in the background, with all that is known by now."""
    tenant, _ = await user_of(request)
    services = services_of(request)
    now = utc_now()
    reviews = FraudReviews(services.databases.tenant(tenant.tenant_id))
    async with audited(request, "fraud-review.create", detail={"days": new.days}) as entry:
        review = await reviews.add(now - timedelta(days=new.days), now)
        entry.subject = str(review.review_id)
    # It is queued, and will be found: to have it asked for once more would make another.
    with suppress(ActorUnavailable, *CONNECTION_LOST):
        await TenantWork(services.databases.control(), tenant.tenant_id, "fraud-review").enter(str(review.review_id))
        await services.actors.look_again(tenant.tenant_id)
    return _shown(review)


@router.get("/api/v1/fraud/reviews", response_model=Listing[FraudReviewShown], **documented(USER))
async def list_fraud_reviews(request: Request) -> dict[str, Any]:
    """List the newest reviews."""
    tenant, _ = await user_of(request)
    reviews = FraudReviews(services_of(request).databases.tenant(tenant.tenant_id))
    return {"data": [_shown(review) for review in await reviews.newest(_REVIEWS_SHOWN)]}


@router.get("/api/v1/fraud/reviews/{review_id}", response_model=FraudReviewShown, **documented(USER, ReviewUnknown))
async def get_fraud_review(request: Request, review_id: UUID) -> dict[str, Any]:
    """Say how far a review came."""
    tenant, _ = await user_of(request)
    review = await FraudReviews(services_of(request).databases.tenant(tenant.tenant_id)).one(review_id)
    if review is None:
        raise ReviewUnknown
    return _shown(review)


def _shown(review: FraudReview) -> dict[str, Any]:
    return asdict(review) | {"from": review.since, "to": review.until}
