"""What is asked of a multi-touch model and what it answers, in plain values.

Apart from the models themselves, so that whoever only names one need not wait for the libraries that compute it.
"""

from dataclasses import dataclass
from enum import StrEnum

MARKOV_ORDER_MAX = 4
REPLICATES_MAX = 2_000

CAUSAL_NOTE = "An association under assumptions, not a causal effect: to know the effect, hold out."


class Model(StrEnum):
    """A way to share conversions out over the channels of their journeys."""

    FIRST = "first"
    LAST = "last"
    LAST_NON_DIRECT = "last_non_direct"
    LINEAR = "linear"
    TIME_DECAY = "time_decay"
    POSITION = "position"
    W_SHAPED = "w_shaped"
    CUSTOM = "custom"
    MARKOV = "markov"
    SHAPLEY = "shapley"
    SHAPLEY_ORDERED = "shapley_ordered"
    SHAPLEY_RATE = "shapley_rate"
    DATA_DRIVEN = "data_driven"


DATA_DRIVEN = frozenset({Model.MARKOV, Model.SHAPLEY, Model.SHAPLEY_ORDERED, Model.SHAPLEY_RATE, Model.DATA_DRIVEN})
"""Models that learn from all journeys together; the others are rules that look at one journey at a time."""

OF_JOURNEYS: tuple[Model, ...] = tuple(model for model in Model if model is not Model.DATA_DRIVEN)
"""Models that need nothing but the journeys; the other one adds up what a learned model gave when it attributed."""

ASSUMPTIONS = {
    Model.FIRST: "The touch that began the journey made it end well.",
    Model.LAST: "Only the touch before the conversion counts.",
    Model.LAST_NON_DIRECT: "The last touch counts, unless the person came by themselves.",
    Model.LINEAR: "Every touch counts the same.",
    Model.TIME_DECAY: "A touch counts half as much for each half-life that it is older.",
    Model.POSITION: "First and last touch count 0.4 each; those between share 0.2.",
    Model.W_SHAPED: "First touch, lead and last touch count 0.3 each; the others share 0.1.",
    Model.CUSTOM: "First, middle and last touches count as you say.",
    Model.MARKOV: "The next touch depends on the last ones alone, and without a channel whoever would meet it is lost.",
    Model.SHAPLEY: "Simplified game: a conversion is shared equally among the distinct channels of its journey.",
    Model.SHAPLEY_ORDERED: "Simplified game by position: which place among its journey's channels earned what.",
    Model.SHAPLEY_RATE: "Rate game: a set of channels is worth the conversion rate of journeys with exactly that set.",
    Model.DATA_DRIVEN: "A touch earned what a learned probability of converting loses without it.",
}


@dataclass(frozen=True)
class ModelSpec:
    """A model and its parameters; each concerns the models whose names it bears.

    `custom_weights` are for first, middle (together) and last touches. `replicates` 0 leaves intervals out.
    """

    model: Model
    markov_order: int = 1
    half_life_days: float = 7.0
    custom_weights: tuple[float, float, float] = (0.4, 0.2, 0.4)
    direct_channel: str = "direct"
    replicates: int = 200
    confidence: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class ChannelCredit:
    """One channel's part: `credit` in the unit that was shared out, its interval, and the share of the whole.

    `ties` are channels whose difference to this one has an interval that spans 0. `effect` is the removal effect,
    where the model has one; `by_rank` the credit by place, where it tells places apart.
    """

    channel: str
    credit: float
    share: float
    low: float | None
    high: float | None
    ties: tuple[str, ...]
    effect: float | None
    by_rank: tuple[float, ...]


@dataclass(frozen=True)
class ModelResult:
    """Credits, the largest first; `note` says what the model takes for granted."""

    spec: ModelSpec
    credits: tuple[ChannelCredit, ...]
    note: str
