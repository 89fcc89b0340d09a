"""The shapes of what the reports on models and journeys answer."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from attribution.model_spec import Model
from serve_apps.answers import Listing


class Unconverted(BaseModel):
    """Conversions with revenue in a currency for whose day there is no rate: they count, their value does not."""

    currency: str
    conversions: int
    revenue: str


class SharedByModel(BaseModel):
    """How many journeys that converted a learned model has shared out."""

    model_config = ConfigDict(protected_namespaces=())

    model_id: str
    conversions: int


class JourneysMade(BaseModel):
    """How the journeys were made."""

    converting: float
    null: float = Field(description="Journeys that led to no conversion.")
    without_touches: int = Field(description="Conversions that no touch led to: no model shares them out.")
    without_credits: int = Field(
        description="Journeys that converted and that no learned model has shared out: data_driven leaves them out."
    )
    learned_models: list[SharedByModel]
    distinct_paths: int
    conversion_types: list[str]
    event_name: str
    lead_event: str
    lookback_days: float
    currency: str
    definition: str


class Described(BaseModel):
    """Which journeys: from a moment up to another (not included), told apart by these fields."""

    since: datetime = Field(alias="from")
    until: datetime = Field(alias="to")
    breakdown: list[str]
    journeys: JourneysMade
    unconverted: list[Unconverted]


class ChannelRow(BaseModel):
    """What a model gives a channel; the interval is null where none was asked for.

    `ties`: channels from which it is not told apart. `effect`: the removal effect. `by_rank`: credit by place.
    """

    model: Model
    channel: str
    credit: float
    share: float
    low: float | None
    high: float | None
    ties: list[str]
    effect: float | None
    by_rank: list[float]


class ModelDescription(BaseModel):
    """A model, the parameters that concern it, and what it takes for granted."""

    model: Model
    is_data_driven: bool
    parameters: dict[str, int | float | str | list[float]]
    note: str


class ModelsReport(Described, Listing[ChannelRow]):
    """Models side by side; `differences` says where they disagree."""

    measure: str
    confidence: float
    replicates: int
    seed: int
    models: list[ModelDescription]
    differences: list[str]


class PathRow(BaseModel):
    """A path, and what became of the people who went it; `rate` is converted to all."""

    path: list[str]
    conversions: float
    nulls: float
    rate: float
    value: float


class FlowLink(BaseModel):
    """People who went from a channel at a step (from 1) on to another, to the end, or past what is shown."""

    step: int
    source: str
    target: str
    people: float
    conversions: float


class FlowNode(BaseModel):
    """A channel at a step, and how many people were there."""

    step: int
    channel: str
    people: float


class AssistRow(BaseModel):
    """Conversions that a channel assisted (a touch, not the last), closed, and began; ratio null: it closed none."""

    channel: str
    assisted: float
    last_touch: float
    first_touch: float
    ratio: float | None


class LengthRow(BaseModel):
    """Journeys by their number of touches; the row of 20 stands for longer ones, too."""

    touches: int
    conversions: float
    nulls: float


class LagRow(BaseModel):
    """Conversions by the hours from the first and from the last touch; `until_hours` null: or longer."""

    from_hours: int
    until_hours: int | None
    from_first_touch: float
    from_last_touch: float


class JourneysReport(Described):
    """Journeys as they are, without a model; `data` is the table that was asked for."""

    data: list[PathRow | FlowLink | AssistRow | LengthRow | LagRow]
    paths: list[PathRow]
    nodes: list[FlowNode]
    links: list[FlowLink]
    lengths: list[LengthRow]
    lags: list[LagRow]
    assists: list[AssistRow]
