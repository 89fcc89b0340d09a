"""What an event says of consent, and what that rules out."""

from typing import Any

import orjson
import pytest

from attribution.consent import consent_of, is_allowed
from attribution.keys import conversion_from_event
from schemas.policy import Policy
from schemas.touchpoints import Consent, MatchType

EVENT = {"event_id": "e1", "event_type": "install", "event_time": "2026-03-14T12:00:00Z"}
DEVICE = {"gaid": "G", "ip": "203.0.113.7", "user_agent": "Android 14"}


@pytest.mark.parametrize(
    ("said", "consent"),
    [
        ({}, Consent.UNKNOWN),
        ({"att_status": "authorized"}, Consent.GRANTED),
        ({"att_status": "denied"}, Consent.REFUSED),
        ({"att_status": "not_determined"}, Consent.REFUSED),
        ({"consent": {"ad_storage": "granted"}}, Consent.GRANTED),
        ({"consent": {"ad_storage": "granted", "ad_user_data": "denied"}}, Consent.REFUSED),
        ({"consent": {"gdpr_applies": True}}, Consent.REFUSED),
        ({"consent": {"gdpr_applies": True, "ad_user_data": "granted"}}, Consent.GRANTED),
        ({"consent": {"gdpr_applies": True}, "att_status": "authorized"}, Consent.REFUSED),
        ({"consent": {"us_privacy": "1YYN"}}, Consent.REFUSED),
        ({"consent": {"us_privacy": "1YNN"}}, Consent.UNKNOWN),
        ({"consent": {"ad_storage": ["denied"], "us_privacy": 3}}, Consent.UNKNOWN),
    ],
)
def test_what_an_event_says(said: dict[str, Any], consent: Consent) -> None:
    """Any refusal counts, then any grant; under GDPR silence is a refusal."""
    stored = said | ({"consent": orjson.dumps(said["consent"]).decode()} if "consent" in said else {})
    assert consent_of(stored) is consent


def test_silence_is_allowed_or_not_by_policy() -> None:
    """Nothing said: used by default, not used where only a grant counts."""
    assert is_allowed(Consent.UNKNOWN, Policy())
    assert not is_allowed(Consent.UNKNOWN, Policy(is_consent_presumed=False))
    assert not is_allowed(Consent.REFUSED, Policy())
    assert is_allowed(Consent.GRANTED, Policy(is_consent_presumed=False))


def test_a_refusal_withholds_what_needs_consent() -> None:
    """The advertising id stays a key, so that the result can tell; a fingerprint is not even made."""
    refused = conversion_from_event(EVENT | DEVICE | {"consent": '{"ad_storage":"denied"}'}, Policy())
    assert refused.withheld == {MatchType.ADVERTISING_ID, MatchType.PROBABILISTIC}
    assert [key.match_type for key in refused.keys] == [MatchType.ADVERTISING_ID]
    free = conversion_from_event(EVENT | DEVICE, Policy())
    assert free.withheld == frozenset()
    assert [key.match_type for key in free.keys] == [MatchType.ADVERTISING_ID, *[MatchType.PROBABILISTIC] * 2]


def test_ios_needs_a_grant_for_a_fingerprint() -> None:
    """Withheld where nothing is said, made where tracking is authorized, whatever the policy presumes."""
    ios = EVENT | {"platform": "ios", "ip": "203.0.113.7", "idfa": "A"}
    silent = conversion_from_event(ios, Policy())
    assert silent.withheld == {MatchType.PROBABILISTIC}
    asked = conversion_from_event(ios | {"att_status": "authorized"}, Policy())
    assert asked.withheld == frozenset()
    assert asked.keys[-1].match_type is MatchType.PROBABILISTIC


def test_a_fingerprint_is_made_for_installs_alone() -> None:
    """None for a purchase, and none where the policy has no probabilistic matching."""
    assert len(conversion_from_event(EVENT | DEVICE | {"event_type": "purchase"}, Policy()).keys) == 1
    assert len(conversion_from_event(EVENT | DEVICE, Policy(has_probabilistic=False)).keys) == 1
