"""What the platform says of generated events: the same check that the public API makes."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from ingest.parse import parse_events
from ingest.prepare import Stamp, prepare
from schemas.batches import ConversionRow
from schemas.ids import TenantId, new_batch_id
from schemas.limits import EVENTS_PER_REQUEST_MAX


def accept(rows: Sequence[bytes], received_at: datetime) -> list[ConversionRow]:
    """Send rows through ingest in full requests, insist that all are accepted, and return the conversions."""
    stamp = Stamp(TenantId("t123"), new_batch_id(), received_at, "203.0.113.7", "demo")
    conversions: list[ConversionRow] = []
    remaining = iter(rows)
    while part := list(islice(remaining, EVENTS_PER_REQUEST_MAX)):
        prepared = prepare(parse_events(b"".join(part), "application/x-ndjson"), stamp)
        assert prepared.rejected == ()
        assert prepared.count == len(part)
        conversions += prepared.conversions
    return conversions
