"""Features of journeys: worked out by hand, the same as a plain loop gives, and blind to the outcome."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from attribution.ml.features import feature_names, features, names_of_channels
from attribution.ml.journey_table import JourneyTable
from attribution.ml.vocabulary import OTHER, Vocabulary, commonest
from bench.planted_journeys import planted_journeys

HOUR, DAY = 3_600.0, 86_400.0
MONDAY = 1_767_571_200.0  # 2026-01-05, midnight

WORDS = Vocabulary(("google", "meta", OTHER), ("ios", OTHER), ("DE", OTHER))


def journey() -> JourneyTable:
    """One person: an impression of meta, two days later a click of meta, six hours later one of a channel unknown."""
    return JourneyTable(
        channels=("google", "meta", "tiny"),
        touches=np.array([1, 1, 2]),
        starts=np.array([0, 3]),
        times=MONDAY + np.array([0.0, 2 * DAY, 2 * DAY + 6 * HOUR]),
        is_click=np.array([False, True, True]),
        platforms=("web", "ios"),
        platform=np.array([1]),
        countries=("FR",),
        country=np.array([-1]),
        converted=np.array([True]),
        weights=np.array([1.0]),
    )


def test_a_journey_worked_out_by_hand() -> None:
    """Recency, frequency, order, spacing, mix, device, place and time of one journey of three touches."""
    described = dict(zip(feature_names(WORDS), features(journey(), WORDS)[0].tolist(), strict=True))
    assert np.isnan(described.pop("recency_days:google"))
    assert described == pytest.approx(
        {
            "recency_days:meta": 0.25,
            f"recency_days:{OTHER}": 0.0,
            "clicks:google": 0,
            "clicks:meta": 1,
            f"clicks:{OTHER}": 1,
            "impressions:google": 0,
            "impressions:meta": 1,
            f"impressions:{OTHER}": 0,
            "length": 3,
            "distinct_channels": 2,
            "top_channel_share": 2 / 3,
            "switches": 1,
            "click_share": 2 / 3,
            "span_days": 2.25,
            "gap_mean_hours": 27,
            "gap_min_hours": 6,
            "gap_max_hours": 48,
            "hour": 6,
            "weekday": 2,
            "first_channel": 1,
            "last_channel": 2,
            "platform": 0,
            "country": 1,
        }
    )


def test_one_touch_has_no_gaps() -> None:
    """Gaps are NaN where there is one touch, also between journeys of others."""
    table = planted_journeys(400, seed=0).table
    words = Vocabulary.of(table)
    columns = [feature_names(words).index(f"gap_{name}_hours") for name in ("mean", "min", "max")]
    gaps = features(table, words)[:, columns]
    assert np.isnan(gaps[table.lengths == 1]).all()
    several = gaps[table.lengths > 1]
    assert (several[:, 1] <= several[:, 0] * 1.0001).all()
    assert (several[:, 0] <= several[:, 2] * 1.0001).all()


def test_features_are_those_of_a_plain_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recency, counts, switches and gaps equal those of a loop over touches, whatever is made at once."""
    monkeypatch.setattr("attribution.ml.features._JOURNEYS_AT_ONCE", 37)
    table = planted_journeys(200, seed=2).table
    words = Vocabulary.of(table)
    described, names = features(table, words), feature_names(words)
    for journey_place in range(len(table)):
        row = dict(zip(names, described[journey_place].tolist(), strict=True))
        span = slice(table.starts[journey_place], table.starts[journey_place + 1])
        steps = [table.channels[code] for code in table.touches[span]]
        times, clicks = table.times[span].tolist(), table.is_click[span].tolist()
        for channel in table.channels:
            at = [place for place, step in enumerate(steps) if step == channel]
            assert row[f"clicks:{channel}"] == sum(clicks[place] for place in at)
            assert row[f"impressions:{channel}"] == sum(not clicks[place] for place in at)
            if at:
                assert row[f"recency_days:{channel}"] == pytest.approx((times[-1] - times[at[-1]]) / DAY, rel=1e-5)
        assert row["switches"] == sum(a != b for a, b in pairwise(steps))
        if len(times) > 1:
            between = [b - a for a, b in pairwise(times)]
            assert row["gap_min_hours"] == pytest.approx(min(between) / HOUR, rel=1e-5, abs=1e-6)
            assert row["gap_max_hours"] == pytest.approx(max(between) / HOUR, rel=1e-5)
        assert words.channels[int(row["last_channel"])] == steps[-1]


def test_features_are_blind_to_the_outcome() -> None:
    """Other outcomes and weights give the same features."""
    table = planted_journeys(200, seed=0).table
    words = Vocabulary.of(table)
    other = replace(table, converted=~table.converted, weights=table.weights * 3)
    assert features(other, words).tobytes() == features(table, words).tobytes()


def test_the_commonest_words_are_kept() -> None:
    """The heaviest words by weight, ties by name, never more than the limit, and the word for all others last."""
    codes, weights = np.array([0, 1, 2, 3, -1]), np.array([1.0, 5.0, 1.0, 0.0, 9.0])
    assert commonest(("b", "c", "a", "never"), codes, weights, 2) == ("c", "a", OTHER)
    assert commonest(("b", "c", "a", "never"), codes, weights, 9) == ("c", "a", "b", OTHER)


def test_names_speak_of_known_channels_alone() -> None:
    """Those of channels that are not among one's own are left out, and nothing else."""
    vocabulary = Vocabulary(("mail", "rival:de", OTHER), ("ios", OTHER), ("DE", OTHER))
    names = feature_names(vocabulary)
    kept = names_of_channels(names, ("mail", "tv"))
    assert set(names) - set(kept) == {"recency_days:rival:de", "clicks:rival:de", "impressions:rival:de"}
    assert names_of_channels(names, vocabulary.channels) == names
