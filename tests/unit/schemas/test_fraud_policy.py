"""The fraud part of a policy: thresholds with bounds, modes with a careful default."""

import pytest
from pydantic import ValidationError

from schemas.fraud_policy import FraudMode, FraudPolicy, FraudRule, with_modes
from schemas.policy import Policy, parse_policy, policy_document
from schemas.policy_problems import PolicyInvalid

CERTAIN = {
    FraudRule.CLICK_INJECTION,
    FraudRule.BLOCKED_DEVICE,
    FraudRule.BLOCKED_IP,
    FraudRule.BLOCKED_SITE,
    FraudRule.BLOCKED_USER_AGENT,
    FraudRule.DECLARED_BOT,
}


def test_only_what_is_certain_is_on_by_default() -> None:
    """Everything else begins in shadow; off is what a learned model says, which knows no fraud."""
    policy = FraudPolicy()
    assert {rule for rule in FraudRule if policy.mode(rule) is FraudMode.ON} == CERTAIN
    assert {policy.mode(rule) for rule in set(FraudRule) - CERTAIN - {FraudRule.ANOMALY}} == {FraudMode.SHADOW}
    assert policy.mode(FraudRule.ANOMALY) is FraudMode.OFF


def test_a_policy_survives_its_document() -> None:
    """Written and read again, as a part of the whole policy, it is the same."""
    fraud = with_modes(FraudPolicy(), FraudMode.ON, where=FraudMode.SHADOW)
    assert parse_policy(policy_document(Policy(fraud=fraud)), 1).fraud == fraud
    assert fraud.runs(FraudRule.GEO_MISMATCH)
    assert not with_modes(fraud, FraudMode.OFF).runs(*FraudRule)


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"short_ctit": {"ctit_seconds_min": -1}}, "/fraud/short_ctit/ctit_seconds_min"),
        ({"short_ctit": {"mode": "maybe"}}, "/fraud/short_ctit/mode"),
        ({"click_flooding": {"late_share_max": float("nan")}}, "/fraud/click_flooding/late_share_max"),
        ({"click_flooding": {"clicks_min": 2**64}}, "/fraud/click_flooding/clicks_min"),
        ({"duplicate_device": {"installs_max": 10**30}}, "/fraud/duplicate_device/installs_max"),
        ({"sorcery": {}}, "/fraud/sorcery"),
        ({"anomaly": {"score_max": 1.5}}, "/fraud/anomaly/score_max"),
    ],
)
def test_a_wrong_threshold_is_named(document: dict[str, object], pointer: str) -> None:
    """By its JSON Pointer in the policy's document."""
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy({"fraud": document}, 1)
    assert refused.value.errors[0].pointer == pointer
    with pytest.raises(ValidationError):
        FraudPolicy.model_validate(document)
