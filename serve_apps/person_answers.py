"""The shapes of what is answered about persons, policies and recomputations."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.identity import IdentityKind
from schemas.recomputes import RecomputeState


class PersonKey(BaseModel):
    """One id of a person."""

    kind: IdentityKind
    value: str


class PersonEdge(BaseModel):
    """A link between two ids, and the first event that made it."""

    edge_id: int
    user_id: str
    kind: IdentityKind
    value: str
    event_id: str
    linked_at: datetime
    recorded_at: datetime
    removed_at: datetime | None
    removed_by: str | None


class Person(BaseModel):
    """The ids of a person, what joins them, what was taken back, and ids that join nobody: too many have them."""

    keys: list[PersonKey]
    edges: list[PersonEdge]
    removed: list[PersonEdge]
    shared: list[PersonKey]


class PolicyDetails(BaseModel):
    """A version of the policy; `policy` has every field, also those that were left out."""

    version: int
    policy: dict[str, Any]
    note: str
    created_by: str
    created_at: datetime
    adopted_at: datetime | None
    adopted_by: str | None
    is_adopted: bool


class PolicyListing(BaseModel):
    """Every version, newest first, and the one in force."""

    adopted_version: int
    data: list[PolicyDetails]


class SourceDifference(BaseModel):
    """Conversions of a media source as they are, and as they would be."""

    media_source: str
    before: int
    after: int
    difference: int


class RecomputeSummary(BaseModel):
    """A recomputation, how far it came, and what it would move."""

    model_config = ConfigDict(populate_by_name=True)

    recompute_id: str
    state: RecomputeState
    policy_version: int
    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    dry_run: bool
    conversions: int | None = Field(description="How many there are; null until it began.")
    conversions_done: int
    moved: int
    failed: int = Field(description="Could not be decided under the policy; they keep their result.")
    media_sources: list[SourceDifference]
    error: str | None
    created_at: datetime
    finished_at: datetime | None
    adopted_at: datetime | None


class MovedConversion(BaseModel):
    """A conversion whose answer changes: by field, before and after."""

    conversion_id: str
    changes: dict[str, tuple[Any, Any]]


class Recompute(RecomputeSummary):
    """A recomputation with some of the conversions that it moves."""

    examples: list[MovedConversion]


class ChangedField(BaseModel):
    """A field of the answer, before and after a revision."""

    field: str
    before: Any
    after: Any


class AttributionRevision(BaseModel):
    """One of a conversion's answers, why it was made, and what it changed."""

    revision: int
    cause: Literal["first", "late_touch", "late_origin", "recompute", "identity", "fraud"]
    attributed_at: datetime
    policy_version: int
    model_version: str
    is_organic: bool
    media_source: str
    campaign: str
    attributed_touch_id: str | None
    changes: list[ChangedField]
