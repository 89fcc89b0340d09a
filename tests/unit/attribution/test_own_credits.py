"""Tests of what each rule gives the sources of one journey."""

import pytest

from attribution.own_credits import own_credits


def considered(source: str, day: int, reason: str = "earlier") -> dict[str, object]:
    """Write a candidate as results have it."""
    return {"touch": {"media_source": source, "touch_time": f"2026-11-{day:02}T00:00:00Z"}, "reason": reason}


def test_each_rule_shares_out_the_valid_touches_in_their_order() -> None:
    """Worked out by hand for alpha, beta, direct, two, one and no half-lives before; an invalid touch has nothing."""
    candidates = [
        considered("direct", 15, "won"),
        considered("beta", 8),
        considered("alpha", 1),
        considered("old", 1, "outside_window"),
    ]
    found = own_credits({"conversion_time": "2026-11-15T00:00:00+00:00", "candidates": candidates})
    third, seventh = pytest.approx(1 / 3), 1 / 7
    assert found == {
        "first": {"alpha": 1.0},
        "last": {"direct": 1.0},
        "last_non_direct": {"beta": 1.0},
        "linear": {"alpha": third, "beta": third, "direct": third},
        "time_decay": pytest.approx({"alpha": seventh, "beta": 2 * seventh, "direct": 4 * seventh}),
        "position": pytest.approx({"alpha": 0.4, "beta": 0.2, "direct": 0.4}),
    }


def test_without_a_valid_touch_there_is_nothing_to_share() -> None:
    """No rule says anything; a source without a name is one that is unknown."""
    converted = {"conversion_time": "2026-11-15T00:00:00Z"}
    assert own_credits(converted | {"candidates": [considered("a", 1, "no_consent")]}) == {}
    named = own_credits(converted | {"candidates": [considered("", 1, "won")]})
    assert named["linear"] == {"unknown": 1.0}
