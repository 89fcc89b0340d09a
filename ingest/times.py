"""The times of an event: parsing, and the window outside which they are refused."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from schemas.limits import EVENT_AGE_DAYS_MAX, EVENT_FUTURE_HOURS_MAX

STORE_TIME_MIN = datetime(1900, 1, 1, tzinfo=UTC)
STORE_TIME_MAX = datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What the store's millisecond times can hold."""

CLOCK_SKEW_MIN = timedelta(seconds=60)
"""A sender's clock that is off by less counts as right: the rest may be the way through the network.

Were the time of an event corrected by that, each repetition of it would get another time, and the store, which orders
events by their time, would not fold the two.
"""

OTHER_TIMES = ("click_time", "install_begin_time", "install_finish_time")
"""Times beside `event_time`; they may be far in the past but must fit the store."""


@dataclass(frozen=True, slots=True)
class Window:
    """When an event may have happened, both ends included."""

    earliest: datetime
    latest: datetime


def event_window(received_at: datetime) -> Window:
    """Return when an event that is received at `received_at` (aware) may have happened."""
    return Window(
        received_at - timedelta(days=EVENT_AGE_DAYS_MAX),
        received_at + timedelta(hours=EVENT_FUTURE_HOURS_MAX),
    )


def on_platform_clock(happened_at: datetime, sent_at: datetime, received_at: datetime) -> datetime:
    """Tell when something happened by the platform's clock; the first two are by the sender's, all are aware.

    Raises:
        OverflowError: no calendar has that time.
    """
    skew = received_at - sent_at
    return happened_at if abs(skew) < CLOCK_SKEW_MIN else happened_at + skew


def time_fault(name: str, text: str, window: Window) -> str | None:
    """Say what is wrong with the time `text` of the field `name`, or None; its form must be the schema's."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        return f"is not a time that the calendar has: {error}"
    if name != "event_time":
        return None if STORE_TIME_MIN <= time <= STORE_TIME_MAX else "must lie between the years 1900 and 2299"
    if time > window.latest:
        return f"is more than {EVENT_FUTURE_HOURS_MAX} hours ahead of the platform's clock; check the device's clock"
    if time < window.earliest:
        return f"is older than {EVENT_AGE_DAYS_MAX} days"
    return None


def millisecond_text(time: datetime) -> str:
    """Write an aware `time` as RFC 3339 in UTC with milliseconds and `Z`."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
