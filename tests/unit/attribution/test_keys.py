"""A stamped event tells its own keys, times and app."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from attribution.keys import conversion_from_event
from schemas.policy import Policy
from schemas.touchpoints import MatchKey, MatchType

EVENT = {"event_id": "e1", "event_type": "install", "event_time": "2026-03-14T12:00:00.250Z"}
POLICY = Policy()
ZERO = "00000000-0000-0000-0000-000000000000"


def test_an_event_becomes_a_conversion() -> None:
    """Id, type, app and times; an offset is kept, so that times compare."""
    conversion = conversion_from_event(
        EVENT | {"app_id": "com.demo", "install_begin_time": "2026-03-14T13:59:00+02:00"}, POLICY
    )
    assert (conversion.conversion_id, conversion.conversion_type, conversion.app_id) == ("e1", "install", "com.demo")
    assert conversion.conversion_time == datetime(2026, 3, 14, 12, 0, 0, 250_000, tzinfo=UTC)
    assert conversion.install_begin_time == datetime(2026, 3, 14, 13, 59, tzinfo=timezone(timedelta(hours=2)))


def test_keys_come_strongest_first() -> None:
    """Click id, advertising ids, vendor ids, user id."""
    found = conversion_from_event(
        EVENT | {"user_id": "u", "device_id": "D", "idfv": "V", "oaid": "O", "idfa": "A", "gaid": "G", "click_id": "C"},
        POLICY,
    )
    assert found.keys == (
        MatchKey(MatchType.CLICK_ID, "C"),
        MatchKey(MatchType.ADVERTISING_ID, "G"),
        MatchKey(MatchType.ADVERTISING_ID, "A"),
        MatchKey(MatchType.ADVERTISING_ID, "O"),
        MatchKey(MatchType.VENDOR_ID, "V"),
        MatchKey(MatchType.VENDOR_ID, "D"),
        MatchKey(MatchType.USER_ID, "u"),
    )


def test_an_absent_id_is_no_key() -> None:
    """No key for null, for the empty string, for the all-zero id; one for an id given twice."""
    absent = conversion_from_event(EVENT | {"gaid": ZERO, "idfa": None, "user_id": ""}, POLICY)
    twice = conversion_from_event(EVENT | {"idfv": "V", "device_id": "V"}, POLICY)
    assert absent.keys == ()
    assert twice.keys == (MatchKey(MatchType.VENDOR_ID, "V"),)


@pytest.mark.parametrize("time", ["2026-03-14T12:00:00", "yesterday"])
def test_a_time_without_an_offset_is_refused(time: str) -> None:
    """ValueError, for what no accepted event has."""
    with pytest.raises(ValueError, match=r"offset|isoformat"):
        conversion_from_event(EVENT | {"event_time": time}, POLICY)
