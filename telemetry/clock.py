"""The one place that reads the clock, so that everything else takes `now` as an argument or says that it does not."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Read the time, with its zone."""
    return datetime.now(UTC)  # noqa: TID251 - this is the place
