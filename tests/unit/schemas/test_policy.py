"""A policy's document says everything that can be set, and says which field of it is wrong."""

import json
import pickle
from datetime import timedelta
from typing import Any

import pytest

from schemas.policy import Policy, parse_policy, policy_document
from schemas.policy_document import PolicyDocument
from schemas.policy_problems import PolicyInvalid
from schemas.touchpoints import MatchType, TouchType

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_an_empty_document_is_the_default_policy() -> None:
    """Every field has its default."""
    assert parse_policy({}, 1) == Policy()


def test_a_document_read_and_written_is_the_same() -> None:
    """The defaults, and a document that sets everything, come back through JSON as they were."""
    assert parse_policy(json.loads(json.dumps(policy_document(Policy()))), 1) == Policy()
    sent = {
        "click_windows_hours": {"click_id": 48, "probabilistic": None},
        "media_sources": {"meta_ads": {"click_windows_hours": {"advertising_id": 672}}},
        "view_through": False,
        "consent_mode": "only_granted",
        "consent_needed_for": ["user_id"],
        "conversion_events": ["ad_revenue", "level_complete"],
        "settle_hours": 0,
    }
    policy = parse_policy(sent, 4)
    assert policy != parse_policy({}, 4)
    assert parse_policy(json.loads(json.dumps(policy_document(policy))), 4) == policy
    assert pickle.loads(pickle.dumps(policy)) == policy  # noqa: S301 - our own bytes


def test_the_windows_of_a_source_stand_on_those_for_all() -> None:
    """What a source sets is its own, the rest is everyone's; other sources keep theirs."""
    policy = parse_policy(
        {
            "click_windows_hours": {"vendor_id": 240},
            "media_sources": {"meta_ads": {"click_windows_hours": {"advertising_id": 672, "click_id": None}}},
        },
        1,
    )
    own = policy.windows(TouchType.CLICK, "meta_ads")
    assert own[MatchType.ADVERTISING_ID] == 28 * DAY
    assert own[MatchType.VENDOR_ID] == 10 * DAY
    assert MatchType.CLICK_ID not in own
    assert policy.windows(TouchType.CLICK, "email")[MatchType.ADVERTISING_ID] == 7 * DAY
    assert policy.windows(TouchType.IMPRESSION, "meta_ads")[MatchType.ADVERTISING_ID] == DAY
    assert policy.lookback() == 28 * DAY


def test_no_view_has_a_window_where_view_through_is_off() -> None:
    """No window for an impression, of whatever source; clicks keep theirs."""
    policy = parse_policy({"view_through": False, "media_sources": {"ctv": {}}}, 1)
    assert not policy.windows(TouchType.IMPRESSION, "ctv")
    assert policy.windows(TouchType.CLICK, "ctv")


def test_lookback_is_the_longest_window() -> None:
    """7 days by default; the longest of both kinds; nothing where nothing counts."""
    assert Policy().lookback() == 7 * DAY
    assert Policy(view_windows={MatchType.USER_ID: 9 * DAY}).lookback() == 9 * DAY
    assert Policy(click_windows={}, view_windows={}).lookback() == timedelta()


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ([], ""),
        ({"conversion_events": ["level\0"]}, "/conversion_events/0"),
        ({"media_sources": {"a\0b": {}}}, "/media_sources/a\0b/[key]"),
        ({"click_windows": {}}, "/click_windows"),
        ({"click_windows_hours": {"click_id": 23}}, "/click_windows_hours/click_id"),
        ({"click_windows_hours": {"click_id": 90 * 24 + 1}}, "/click_windows_hours/click_id"),
        ({"click_windows_hours": {"probabilistic": 25}}, "/click_windows_hours/probabilistic"),
        ({"click_windows_hours": {"user_id": "48"}}, "/click_windows_hours/user_id"),
        ({"click_windows_hours": {"user_id": float("nan")}}, "/click_windows_hours/user_id"),
        ({"view_windows_hours": {"user_id": 169}}, "/view_windows_hours/user_id"),
        ({"view_windows_hours": {"click_id": 24}}, "/view_windows_hours/click_id"),
        (
            {"media_sources": {"a/b": {"view_windows_hours": {"user_id": 0}}}},
            "/media_sources/a~1b/view_windows_hours/user_id",
        ),
        ({"conversion_events": ["purchase", ""]}, "/conversion_events/1"),
        ({"consent_needed_for": ["name"]}, "/consent_needed_for/0"),
        ({"consent_mode": "never"}, "/consent_mode"),
        ({"settle_hours": True}, "/settle_hours"),
    ],
)
def test_a_wrong_field_is_named(document: Any, pointer: str) -> None:
    """The JSON Pointer of the field stands in the problem's first error."""
    with pytest.raises(PolicyInvalid) as refused:
        parse_policy(document, 1)
    assert refused.value.errors[0].pointer == pointer


def test_the_document_has_a_json_schema() -> None:
    """Every field is described with its default, and nothing else is allowed."""
    schema = PolicyDocument.model_json_schema()
    assert schema["additionalProperties"] is False
    assert set(policy_document(Policy())) == set(schema["properties"])
