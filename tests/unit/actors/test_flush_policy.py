"""When rows go to ClickHouse."""

import pytest

from actors.flush_policy import Backlog, flush_in_seconds
from schemas.settings import ActorSettings

SETTINGS = ActorSettings(
    flush_rows=100,
    flush_seconds=1.0,
    conversion_flush_seconds=0.1,
    insert_rest_seconds=0.25,
    spool_bytes_max=1_000,
)


def test_nothing_waits_for_ever() -> None:
    """None: without rows there is no time to flush."""
    assert flush_in_seconds(Backlog(), SETTINGS, 0.0, now=10) is None


@pytest.mark.parametrize(
    ("events", "has_conversion", "last_at", "expected_seconds"),
    [
        (1, False, 0.0, 1.0),
        (1, True, 0.0, 0.1),
        (1, True, 9.95, 0.2),
        (100, False, 9.99, 0.0),
    ],
)
def test_waits_by_what_waits(
    events: int,
    has_conversion: bool,  # noqa: FBT001 - a row of the table above
    last_at: float,
    expected_seconds: float,
) -> None:
    """Rows wait a second, a conversion a tenth, enough rows not at all; a tenant's next insert waits for its rest."""
    backlog = Backlog()
    backlog.add(events, 10, has_conversion=has_conversion, now=10.0)
    wait = flush_in_seconds(backlog, SETTINGS, last_at, now=10.0)
    assert wait == pytest.approx(expected_seconds)


def test_many_rows_do_not_wait_for_more_when_none_come() -> None:
    """A tenth of a full insert goes a fifth of a second after the last row came; fewer linger."""
    few, many = Backlog(), Backlog()
    few.add(9, 10, has_conversion=False, now=10.0)
    many.add(5, 10, has_conversion=False, now=10.0)
    many.add(5, 10, has_conversion=False, now=10.3)
    assert flush_in_seconds(few, SETTINGS, 0.0, now=10.3) == pytest.approx(0.7)
    assert flush_in_seconds(many, SETTINGS, 10.2, now=10.3) == pytest.approx(0.2)
    assert flush_in_seconds(many, SETTINGS, 10.2, now=10.5) == 0.0


def test_is_full_by_bytes_and_by_age() -> None:
    """A tenant over its share of the spool is refused, and taken again when the backlog is stored."""
    backlog = Backlog()
    backlog.add(1, 999, has_conversion=False, now=0.0)
    assert not backlog.is_full(SETTINGS, now=1.0)
    assert backlog.is_full(SETTINGS, now=SETTINGS.spool_age_seconds_max)
    backlog.add(1, 1, has_conversion=False, now=1.0)
    assert backlog.is_full(SETTINGS, now=1.0)
    backlog.remove(2, 1_000, now=2.0)
    assert not backlog.is_full(SETTINGS, now=10_000.0)
