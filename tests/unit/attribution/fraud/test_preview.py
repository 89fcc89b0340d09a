"""What a preview counts."""

from attribution.decide import attribute
from attribution.fraud.preview import FraudTally
from attribution.fraud.settle import settle
from schemas.policy import Policy
from tests.unit.attribution.cases import INSTALLED, touch
from tests.unit.attribution.fraud.fraud_cases import HOUR, ON, SECOND, SHADOW, seen

FAST = seen(touch("honest", HOUR, source="honest"), touch("fast", 5 * SECOND, source="quick"))
SLOW = seen(touch("slow", HOUR, source="quick"))


def test_a_tally_counts_flags_moves_and_agreement() -> None:
    """One of two moves from the fast source to the honest one; of 10 installs, 5 are estimated to."""
    tally = FraudTally()
    tally.add({"fraud": {"verdict": "suspect"}}, settle(FAST, ON, attribute))
    tally.add({}, settle(SLOW, ON, attribute))
    found = tally.document(10)
    assert (found["installs"], found["judged"], found["is_sample"]) == (10, 2, True)
    assert found["verdicts"] == {"valid": 1, "suspect": 0, "rejected": 1}
    rule = next(each for each in found["rules"] if each["rule"] == "short_ctit")
    assert (rule["mode"], rule["flagged"], rule["moved"], rule["estimated_moved"]) == ("on", 1, 1, 5)
    assert found["moves"] == [
        {"mode": "on", "from_media_source": "quick", "to_media_source": "honest", "conversions": 1}
    ]
    assert {"now": "suspect", "then": "rejected", "conversions": 1} in found["agreement"]
    assert found["sources"][0] == {
        "media_source": "quick",
        "site_id": "",
        "installs": 2,
        "suspect": 0,
        "rejected": 1,
    }
    assert [(each.touch_id, each.media_source) for each in tally.rejected] == [("fast", "quick")]


def test_rules_in_shadow_move_only_in_thought() -> None:
    """The move is told under its mode, nothing is rejected, and no cost is at stake."""
    tally = FraudTally()
    tally.add({}, settle(FAST, SHADOW, attribute))
    found = tally.document(1)
    assert found["verdicts"]["suspect"] == 1
    assert [each["mode"] for each in found["moves"]] == ["shadow"]
    assert tally.rejected == []


def test_an_empty_tally_has_nothing_to_scale() -> None:
    """No install, no estimate, no division by zero."""
    assert FraudTally().document(0)["rules"] == []


def test_what_is_organic_has_no_site() -> None:
    """An organic install counts under its own source."""
    tally = FraudTally()
    tally.add({}, settle(seen(begin=INSTALLED), Policy(), attribute))
    assert tally.document(1)["sources"][0]["media_source"] == "organic"
