"""Credit by removal: worked out by hand, for long journeys, and whatever is described at once."""

import numpy as np
import pytest

from attribution.journeys import Floats, summed
from attribution.ml.journey_table import JourneyTable
from attribution.ml.removal import TOUCHES_MAX, removal_credits
from bench.planted_journeys import CHANNELS, planted_journeys

WORTH = np.arange(len(CHANNELS), dtype=np.float64) * 0.01 - 0.01


def additive(table: JourneyTable) -> Floats:
    """Foretell by a sum over touches: a removal then takes away just the worth of its touch."""
    return 0.2 + summed(table.owners, WORTH[table.touches], len(table))


def test_credit_is_what_the_probability_loses() -> None:
    """Of a probability that is a sum, each touch gets its worth as a share; a harmful one nothing."""
    table = planted_journeys(500, seed=0).table
    worth = np.maximum(WORTH[table.touches], 0.0)
    total = summed(table.owners, worth, len(table))[table.owners]
    expected = np.where(total > 0, worth / np.where(total > 0, total, 1.0), 1.0 / table.lengths[table.owners])
    assert removal_credits(table, additive) == pytest.approx(expected, abs=1e-7)


def test_credits_sum_to_one_and_are_uniform_where_nothing_helps() -> None:
    """A probability that no touch moves shares each journey's credit out equally."""
    table = planted_journeys(200, seed=0).table
    credit = removal_credits(table, lambda journeys: np.full(len(journeys), 0.3))
    assert credit == pytest.approx(1.0 / table.lengths[table.owners])
    assert summed(table.owners, removal_credits(table, additive), len(table)) == pytest.approx(1.0)


def test_credits_do_not_depend_on_what_is_described_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Portions of one journey give the same credits as all at once."""
    table = planted_journeys(100, seed=1).table
    at_once = removal_credits(table, additive)
    monkeypatch.setattr("attribution.ml.removal._TOUCHES_AT_ONCE", 1)
    assert removal_credits(table, additive) == pytest.approx(at_once, abs=1e-12)


def test_of_a_very_long_journey_the_newest_touches_share() -> None:
    """Beyond the limit a touch gets nothing, and the others still sum to 1."""
    length = TOUCHES_MAX + 50
    long = planted_journeys(1, seed=0).table
    table = long.with_touches(np.array([0]), np.zeros(length, np.int64), np.array([0, length]))
    credit = removal_credits(table, lambda journeys: np.full(len(journeys), 0.3))
    assert credit[:50].tolist() == [0.0] * 50
    assert credit.sum() == pytest.approx(1.0)
    assert credit[50] == pytest.approx(1 / TOUCHES_MAX)


def test_no_journey_has_no_credit() -> None:
    """An empty table gives an empty answer."""
    table = planted_journeys(5, seed=0).table.select(np.zeros(0, np.int64))
    assert len(removal_credits(table, additive)) == 0
