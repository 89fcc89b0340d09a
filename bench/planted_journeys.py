"""Journeys whose truth is known: what each channel adds was planted, and can be asked for.

People see advertisements of six channels, then convert by a hazard that sums up what their touches left behind: each
touch adds its channel's effect, a click twice that of an impression, fading with a half-life of a week.

- `search`, `social` and `affiliate` help, in this order; `video` helps on iOS thrice as much as on Android.
- `house` is shown to anybody and does nothing.
- `retargeting` follows those who clicked, and does nothing either: whoever clicked is likelier to convert, so it is
  the last touch before most conversions, and last touch hands it what others did.
- Countries differ in how many convert anyway.

The truth is a simulation of the same hazard without each channel in turn: the conversions that are then missing, as
shares of all that are.
"""

from dataclasses import dataclass

import numpy as np

from attribution.journeys import Floats, Ints, summed
from attribution.ml.journey_table import JourneyTable

CHANNELS = ("affiliate", "house", "retargeting", "search", "social", "video")
PLATFORMS = ("android", "ios", "web")
COUNTRIES = ("BR", "DE", "IN", "US")
HARMLESS = ("house", "retargeting")

_RETARGETING = CHANNELS.index("retargeting")
_EFFECTS = np.array([[0.5, 0.0, 0.0, 2.2, 1.2, 0.6]] * len(PLATFORMS))
_EFFECTS[PLATFORMS.index("ios"), CHANNELS.index("video")] = 1.8
"""Of a click, by platform and channel, in log-odds."""
_POPULARITY = np.array([0.15, 0.2, 0.0, 0.2, 0.25, 0.2])
_CLICK_SHARES = np.array([0.5, 0.3, 0.2, 0.8, 0.4, 0.3])
_BASE = np.array([-3.6, -3.0, -4.0, -2.8])
_IMPRESSION = 0.5
_HALF_LIFE_SECONDS = 7 * 86_400.0
_FOLLOWED_SHARE, _FOLLOWED_ANYWAY = 0.8, 0.05

_FIRST_SECOND = 1_767_225_600.0
"""2026-01-01."""
_DAYS = 60


@dataclass(frozen=True)
class PlantedJourneys:
    """The journeys, the probability with which each converts, and each channel's share of the conversions it caused."""

    table: JourneyTable
    probability: Floats
    shares: dict[str, float]


def planted_journeys(journeys: int, seed: int) -> PlantedJourneys:
    """Make journeys of 4 touches or so, of whom one in seven converts; no object for any."""
    random = np.random.default_rng(seed)
    own = np.minimum(random.geometric(0.35, journeys), 12)
    owner = np.repeat(np.arange(journeys), own)
    channel = random.choice(len(CHANNELS), len(owner), p=_POPULARITY)
    is_click = random.random(len(owner)) < _CLICK_SHARES[channel]
    clicked = np.bincount(owner, is_click, journeys) > 0
    followed = random.random(journeys) < np.where(clicked, _FOLLOWED_SHARE, _FOLLOWED_ANYWAY)
    times_followed = np.where(followed, random.integers(1, 3, journeys), 0)
    # What follows a person comes after all that the person saw before.
    later = np.repeat(np.arange(journeys), times_followed)
    order = np.argsort(np.concatenate([owner, later]), kind="stable")
    touches = np.concatenate([channel, np.full(len(later), _RETARGETING)])[order]
    clicks = np.concatenate([is_click, random.random(len(later)) < _CLICK_SHARES[_RETARGETING]])[order]
    starts = np.concatenate(([0], np.cumsum(own + times_followed)))
    table = JourneyTable(
        channels=CHANNELS,
        touches=touches,
        starts=starts,
        times=_times(random, starts, touches),
        is_click=clicks,
        platforms=PLATFORMS,
        platform=random.choice(len(PLATFORMS), journeys, p=[0.45, 0.35, 0.2]),
        countries=COUNTRIES,
        country=random.choice(len(COUNTRIES), journeys, p=[0.2, 0.25, 0.25, 0.3]),
        converted=np.zeros(journeys, bool),
        weights=np.ones(journeys),
    )
    hazard = _probability(table, np.ones(len(touches), bool))
    table.converted[:] = random.random(journeys) < hazard
    lost = np.array([(hazard - _probability(table, touches != code)).sum() for code in range(len(CHANNELS))])
    return PlantedJourneys(table, hazard, dict(zip(CHANNELS, (lost / lost.sum()).tolist(), strict=True)))


def shares(table: JourneyTable, credit: Floats) -> dict[str, float]:
    """Give the share of the conversions that credits [T] give each channel."""
    counted = credit * table.converted[table.owners]
    totals = summed(table.touches, counted, len(table.channels))
    return dict(zip(table.channels, (totals / totals.sum()).tolist(), strict=True))


def last_touch_credit(table: JourneyTable) -> Floats:
    """Give each journey's credit to its last touch: [T]."""
    credit = np.zeros(len(table.touches))
    credit[table.starts[1:] - 1] = 1.0
    return credit


def _times(random: np.random.Generator, starts: Ints, touches: Ints) -> Floats:
    """Set touches a day or so apart; what follows a person, some hours. Ends are spread over the days, in order."""
    lengths = np.diff(starts)
    gaps = random.exponential(np.where(touches == _RETARGETING, 4.0, 24.0) * 3_600.0)
    passed = np.cumsum(gaps)
    ends = _FIRST_SECOND + np.sort(random.random(len(lengths))) * _DAYS * 86_400.0
    return np.repeat(ends, lengths) - (np.repeat(passed[starts[1:] - 1], lengths) - passed)


def _probability(table: JourneyTable, kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Floats:
    """Give the probability of a conversion at each journey's end, of the touches that are kept alone."""
    effect = _EFFECTS[table.platform[table.owners], table.touches] * np.where(table.is_click, 1.0, _IMPRESSION)
    faded = effect * 2.0 ** (-(table.ends[table.owners] - table.times) / _HALF_LIFE_SECONDS) * kept
    logit = _BASE[table.country] + summed(table.owners, faded, len(table))
    probability: Floats = 1.0 / (1.0 + np.exp(-logit))
    return probability
