"""Event times have a window, other times the store's range."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ingest.times import event_window, millisecond_text, time_fault
from tests.unit.ingest.cases import RECEIVED_AT

WINDOW = event_window(RECEIVED_AT)


def test_the_window_reaches_from_400_days_ago_to_24_hours_ahead() -> None:
    """Both ends are counted from the request's arrival."""
    assert RECEIVED_AT - WINDOW.earliest == timedelta(days=400)
    assert WINDOW.latest - RECEIVED_AT == timedelta(hours=24)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("event_time", "2026-10-03T00:00:00Z", "more than 24 hours ahead"),
        ("event_time", "2020-01-01T00:00:00Z", "older than 400 days"),
        ("event_time", "2026-10-01T23:59:60Z", "not a time that the calendar has"),
        ("click_time", "1899-12-31T23:59:59Z", "between the years 1900 and 2299"),
        ("click_time", "1900-01-01T00:00:00+01:00", "between the years 1900 and 2299"),
        ("click_time", "2300-01-01T00:00:00Z", "between the years 1900 and 2299"),
    ],
)
def test_a_time_that_cannot_be_is_explained(name: str, text: str, words: str) -> None:
    """The sentence says which bound was passed."""
    assert words in (time_fault(name, text, WINDOW) or "")


@pytest.mark.parametrize("text", ["1970-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "2299-12-31T23:59:59Z"])
def test_store_times_may_be_old(text: str) -> None:
    """A click may be far older than its event."""
    assert time_fault("click_time", text, WINDOW) is None


def test_stamps_are_utc_milliseconds() -> None:
    """Any zone becomes UTC; microseconds are cut."""
    time = datetime(2026, 10, 1, 14, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))
    assert millisecond_text(time) == "2026-10-01T12:00:00.123Z"
    assert millisecond_text(datetime(2026, 10, 1, tzinfo=UTC)) == "2026-10-01T00:00:00.000Z"
