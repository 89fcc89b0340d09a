"""An attribution policy as people write it: numbers with the unit in the name, each with its range and its default.

`PolicyDocument.model_json_schema()` describes it to clients. A field that is left out has its default; a window of
null means that such a touch never counts.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from schemas.fraud_policy import FraudPolicy
from schemas.touchpoints import MatchType

SOURCES_MAX = 200
EVENTS_MAX = 50
SETTLE_HOURS_MAX = 72

ClickHours = (
    Annotated[float, Field(strict=True, ge=24, le=90 * 24, description="Click window in hours: 1 to 90 days.")] | None
)
ProbabilisticHours = (
    Annotated[float, Field(strict=True, ge=1, le=24, description="Probabilistic click window in hours: at most 24.")]
    | None
)
ViewHours = (
    Annotated[float, Field(strict=True, ge=1, le=7 * 24, description="View window in hours: 1 hour to 7 days.")] | None
)
# Postgres takes no NUL in a text.
Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ClickWindows(_Part):
    """How old a click may be, by how it was matched; null: it never counts."""

    click_id: ClickHours = 168
    advertising_id: ClickHours = 168
    vendor_id: ClickHours = 168
    user_id: ClickHours = 168
    probabilistic: ProbabilisticHours = 24


class ViewWindows(_Part):
    """How old a view may be, by how it was matched; null: it never counts."""

    advertising_id: ViewHours = 24
    vendor_id: ViewHours = 24
    user_id: ViewHours = 24


class SourceWindows(_Part):
    """What differs for one media source; what is left out is as for all sources."""

    click_windows_hours: ClickWindows = ClickWindows()
    view_windows_hours: ViewWindows = ViewWindows()


class PolicyDocument(_Part):
    """Who gets a conversion."""

    click_windows_hours: ClickWindows = ClickWindows()
    view_windows_hours: ViewWindows = ViewWindows()
    media_sources: dict[Name, SourceWindows] = Field(
        default={}, max_length=SOURCES_MAX, description="Windows of single media sources, by their names."
    )
    view_through: bool = Field(default=True, strict=True, description="Whether views can win at all.")
    probabilistic: bool = Field(
        default=True, strict=True, description="Whether a touch may be matched by IP, user agent family and OS version."
    )
    consent_needed_for: tuple[MatchType, ...] = Field(
        default=(MatchType.ADVERTISING_ID, MatchType.PROBABILISTIC),
        max_length=len(MatchType),
        description="Match types that are not used against the person's will.",
    )
    consent_mode: Literal["unless_refused", "only_granted"] = Field(
        default="unless_refused",
        description="Whether what needs consent may be used where nobody was asked. "
        "On iOS a probabilistic match always needs it granted.",
    )
    duplicate_click_seconds: float = Field(
        default=10, strict=True, ge=0, le=3600, description="Clicks of one source and key within this time are one."
    )
    reattribution_days: float = Field(
        default=90,
        strict=True,
        ge=1,
        le=400,
        description="How long after the first install another one is a reinstall.",
    )
    reengagement_inactivity_days: float = Field(
        default=7,
        strict=True,
        ge=0,
        le=90,
        description="How long a person must have been away before a click wins them back.",
    )
    reengagement_validity_days: float = Field(
        default=30, strict=True, ge=1, le=90, description="How long later events count for the re-engagement."
    )
    conversion_events: tuple[Name, ...] = Field(
        default=("purchase",),
        max_length=EVENTS_MAX,
        description="Later events that are conversions: `purchase`, `ad_revenue`, or names of in-app events.",
    )
    settle_hours: float = Field(
        default=6,
        strict=True,
        ge=0,
        le=SETTLE_HOURS_MAX,
        description="How long after a conversion was received a late touch still changes it.",
    )
    fraud: FraudPolicy = Field(default=FraudPolicy(), description="Which fraud rules run, how, and past which numbers.")
