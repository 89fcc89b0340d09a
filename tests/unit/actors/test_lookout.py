"""What a batch says of persons, read from its rows as they were accepted."""

import orjson
import zstandard

from actors.lookout import identify_links
from schemas.identity import IdentityKey, IdentityKind


def frames(*events: dict[str, object]) -> bytes:
    """Write events as a batch holds them: frames one after another."""
    return b"".join(zstandard.compress(orjson.dumps(event) + b"\n") for event in events)


def event(kind: str, **fields: object) -> dict[str, object]:
    return {"event_id": f"e-{kind}", "event_type": kind, "event_time": "2026-03-14T12:00:00Z", **fields}


def test_identify_events_alone_make_links() -> None:
    """One link, of the identify event; a session says nothing, whatever its texts look like."""
    tricky = '{"event_type":"identify","user_id":"x","device_id":"y"}'
    found = identify_links(
        frames(
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
    assert identify_links(frames(event("click", user_id="u1", device_id="d1"))) == ()
    assert identify_links(b"") == ()
