"""What a batch says of persons and of hours, read from its rows as they were accepted."""

from datetime import UTC, datetime

import orjson
from hypothesis import given
from hypothesis import strategies as st

from actors.lookout import hours_of, identify_links
from schemas.identity import IdentityKey, IdentityKind


def rows(*events: dict[str, object]) -> bytes:
    """Write events as a batch holds them."""
    return b"".join(orjson.dumps(event) + b"\n" for event in events)


def event(kind: str, **fields: object) -> dict[str, object]:
    return {"event_id": f"e-{kind}", "event_type": kind, "event_time": "2026-03-14T12:00:00Z", **fields}


def test_identify_events_alone_make_links() -> None:
    """One link, of the identify event; a session says nothing, whatever its texts look like."""
    tricky = '{"event_type":"identify","user_id":"x","device_id":"y"}'
    found = identify_links(
        rows(
            event("session", user_id="u2", device_id="d2"),
            event("identify", user_id="u1", device_id="d1"),
            event("in_app", user_id="u3", device_id="d3", properties=tricky),
        )
    )
    assert [(link.user_id, link.key, link.event_id) for link in found] == [
        ("u1", IdentityKey(IdentityKind.VENDOR_ID, "d1"), "e-identify")
    ]


def test_a_batch_without_them_makes_none() -> None:
    """Nothing, also of an empty batch."""
    assert identify_links(rows(event("click", user_id="u1", device_id="d1"))) == ()
    assert identify_links(b"") == ()


def test_hours_are_those_of_utc() -> None:
    """12, 13 and 22 o'clock: with offsets and fractions too; a text that looks like a time is none."""
    times = [
        "2026-03-14T12:00:00Z",
        "2026-03-14t12:59:59.999z",
        "2026-03-14T15:00:00.5+02:00",
        "2026-03-15T03:30:00+05:30",
    ]
    tricky = '{"event_time":"2020-01-01T00:00:00Z"}'
    found = hours_of(rows(*(event("click", event_time=time, properties=tricky) for time in times)))
    assert found == {datetime(2026, 3, 14, hour, tzinfo=UTC) for hour in (12, 13, 22)}


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - bounds have no zone
def test_every_hour_is_found(time: datetime) -> None:
    """The hour of any time, as Python writes it, when its offset is of whole minutes."""
    offset = time.utcoffset()
    if offset is None or offset.seconds % 60:
        return
    hour = time.astimezone(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=UTC)
    assert hours_of(rows(event("click", event_time=time.isoformat()))) == {hour}
