"""Values of typed tables as JSON."""

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.json_values import json_value
from ingest.prepare import prepare
from schemas.event_types import EventType
from tests.unit.ingest.cases import STAMP, minimal

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.uuids()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5) | st.integers(), inner), max_leaves=10
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 6000), "2026-01-02T03:04:05.006Z"),  # noqa: DTZ001 - tables have such times
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=1))), "2026-01-02T02:04:05.000006Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4), "03:04:00"),
        (timedelta(seconds=90), 90.0),
        (Decimal("1.5000"), "1.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.000000001"), "-0.000000001"),
        (float("nan"), None),
        (float("inf"), "inf"),
        (b"text", "text"),
        (b"\xff", "/w=="),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({1: [Decimal(2), None]}, {"1": ["2", None]}),
        ((b"a", True), ["a", True]),
    ],
)
def test_has_one_form_for_each(value: Any, written: Any) -> None:
    """Each type has its JSON form."""
    assert json_value(value) == written


@given(VALUES)
def test_is_always_json(value: Any) -> None:
    """Whatever a table holds can be written, and reads back as it was written."""
    written = json_value(value)
    assert orjson.loads(orjson.dumps(written)) == written


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 2)),  # noqa: DTZ001 - tables have such times
    st.decimals(-(10**17), 10**17, places=9),
)
def test_is_what_events_take(moment: datetime, amount: Decimal) -> None:
    """A typed time and a decimal make a purchase that is taken."""
    fields = {"event_time": json_value(moment), "revenue": json_value(amount)}
    assert prepare([minimal(EventType.PURCHASE, **fields)], STAMP).rejected == ()
