"""The shapes of what the planes answer, as routes check and `/openapi.json` describes them."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.imports import ImportFormat, ImportState, UnknownColumns
from schemas.links import Link
from schemas.results import CandidateReason, Ground, ModelFallback
from schemas.touchpoints import ConversionKind, MatchType, TouchType
from serve_apps.fraud_answers import AnomalyShown, ConversionFraudShown
from serve_apps.person_answers import AttributionRevision
from storage.postgres.conversion_reader import ConversionCounts
from storage.postgres.dead_letters import ReasonCount
from storage.postgres.identity_edges import WaitingLinks
from storage.postgres.ledger import Freshness

Row = TypeVar("Row")


class Listing(BaseModel, Generic[Row]):
    """All rows at once."""

    data: list[Row]


class Page(Listing[Row], Generic[Row]):
    """Some rows; `next_cursor` leads to the next ones, null after the last."""

    next_cursor: str | None


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Health(BaseModel):
    """Each part as it was measured just now."""

    status: Literal["ok", "degraded"]
    tenant: str | None = None
    components: dict[str, Literal["ok", "down"]]


class Fault(BaseModel):
    """One thing wrong with an event: JSON Pointer, explanation, kind."""

    pointer: str
    detail: str
    code: str


class RejectedEvent(BaseModel):
    """An event of the request that was not accepted."""

    index: int
    event_id: str | None
    errors: list[Fault]


class Accepted(BaseModel):
    """What became of a request's events."""

    accepted: int
    duplicates: int
    rejected: list[RejectedEvent]
    batch_id: str


class AcceptedByTenant(BaseModel):
    """What became of each tenant's events: as on the tenant plane, or `accepted` 0 and a problem's members."""

    tenants: dict[str, dict[str, Any]]


class Received(BaseModel):
    """The messages are durable."""

    success: Literal[True]


class Touch(BaseModel):
    """An impression or a click, and the key by which it was found."""

    touch_id: str
    touch_type: TouchType
    touch_time: datetime
    received_at: datetime
    match_type: MatchType
    app_id: str
    media_source: str
    channel: str
    campaign: str
    campaign_id: str
    adset: str
    ad: str
    site_id: str
    consent: Literal[-1, 0, 1] = Field(0, description="What its event says: -1 refused, 0 nothing, 1 granted.")
    is_claimed: bool = Field(default=False, description="Whether a self-attributing network reported it.")


class Grounds(BaseModel):
    """Why a touch won or lost, without words: the ground, and what a sentence about it names. Spans are seconds."""

    ground: Ground
    values: dict[str, str | float]


class ConsideredTouch(BaseModel):
    """A touch that was considered, and the sentence that says why it won or lost."""

    touch: Touch
    reason: CandidateReason
    explanation: str
    because: Grounds | None = Field(None, description="The same without words; results of earlier versions lack it.")


class Attribution(BaseModel):
    """A conversion, the event's own fields as far as it has them, and its newest result once it is attributed."""

    conversion_id: str
    conversion_type: str
    conversion_time: datetime
    received_at: datetime
    state: Literal["pending", "attributed", "failed"]
    revision: int
    attributed_at: datetime | None
    failure: str | None = Field(None, description="Why attribution gave this conversion up.")
    app_id: str | None = None
    platform: str | None = None
    country: str | None = None
    device_id: str | None = None
    user_id: str | None = None
    revenue: str | None = None
    currency: str | None = None
    event_name: str | None = None
    conversion_kind: ConversionKind | None = Field(None, description="What it is by the rules.")
    install_id: str | None = Field(None, description="The install or re-engagement whose source it has.")
    install_time: datetime | None = None
    first_install_time: datetime | None = None
    is_organic: bool | None = None
    media_source: str | None = None
    channel: str | None = None
    campaign: str | None = None
    adset: str | None = None
    ad: str | None = None
    site_id: str | None = None
    attributed_touch_id: str | None = None
    attributed_touch_type: TouchType | None = None
    attributed_touch_time: datetime | None = None
    match_type: MatchType | None = None
    match_confidence: float | None = None
    ctit_seconds: float | None = None
    contributors: list[str] | None = None
    candidates: list[ConsideredTouch] | None = None
    withheld_matches: list[MatchType] | None = Field(None, description="What the person does not allow to be used.")
    credits: dict[str, dict[str, float]] | None = Field(
        None,
        description="By model and media source: for a single conversion by every rule, in a list by the winner; "
        "data_driven is by a learned model.",
    )
    touch_credits: dict[str, float] | None = Field(
        None, description="By touch id, what the learned model gave each valid touch."
    )
    model_fallback: ModelFallback | None = Field(
        None, description="Why the learned model shared nothing out though there is one; the rest stands without it."
    )
    fraud: ConversionFraudShown | None = None
    anomaly: AnomalyShown | None = Field(None, description="What an install scored; null where no model scored it.")
    policy_version: int | None = None
    model_version: str | None = None
    revisions: list[AttributionRevision] | None = Field(None, description="How the answer came to be, oldest first.")


class StoredEvent(BaseModel):
    """An event as it is stored: its own fields, and those that the platform stamped. Times are UTC."""

    model_config = ConfigDict(extra="allow")

    event_id: str
    event_type: str
    event_time: str
    received_at: str
    batch_id: str


class RejectedLetter(BaseModel):
    """An event that is not in the store, and why; `raw` in the place of `event` if it is no JSON or was cut."""

    dead_letter_id: int
    received_at: datetime
    stage: Literal["rejected", "quarantined"]
    event_id: str | None
    event_type: str | None
    reason: str
    errors: list[Fault]
    schema_version: str
    replayed_at: datetime | None
    event: Any = None
    raw: str | None = None


class StillRejected(RejectedEvent):
    """A dead letter that is still invalid."""

    dead_letter_id: int


class Replayed(BaseModel):
    """What became of the dead letters; those in `cut_or_not_json` cannot be mended here."""

    accepted: int
    duplicates: int
    rejected: list[StillRejected]
    cut_or_not_json: list[int]


class LedgerSums(BaseModel):
    """received = stored + waiting + duplicates + quarantined + rejected."""

    received: int
    accepted: int
    duplicates: int
    rejected: int
    stored: int
    quarantined: int
    waiting: int


class LedgerStep(LedgerSums):
    """One minute, hour or day."""

    time: datetime


class Quality(BaseModel):
    """The ledger over a span of time, why events wait as dead letters, and conversions without a result now."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    step: Literal["minute", "hour", "day"]
    totals: LedgerSums
    data: list[LedgerStep]
    freshness: Freshness
    reasons: list[ReasonCount]
    conversions: ConversionCounts
    identity_links: WaitingLinks


class LinkDocument(Link):
    """A link, and its addresses."""

    click_url: str
    impression_url: str
    created_at: datetime
    updated_at: datetime


class ImportRejection(BaseModel):
    """A row that was not accepted."""

    row: int
    event_id: str | None
    errors: list[Fault]


class ImportSummary(BaseModel):
    """An import, and how far it came; `rows_done` = accepted + duplicates + rejected."""

    import_id: str
    state: ImportState
    filename: str
    format: ImportFormat
    dry_run: bool
    mapping: dict[str, str | None]
    unknown: UnknownColumns
    bytes_total: int
    bytes_done: int
    rows_done: int
    accepted: int
    duplicates: int
    rejected: int
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class Import(ImportSummary):
    """An import with the first of its rejected rows."""

    rejections: list[ImportRejection]


class KeySet(BaseModel):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[dict[str, Any]]


class EventTypes(BaseModel):
    """Every event type."""

    event_types: list[str]
