"""What travels from a replica to a tenant's shards and back. Bytes, and the little that is needed beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.ids import BatchId
from schemas.problem import FieldError
from schemas.shards import Shard


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """The fields of one conversion that the actor stores beside the spool row.

    `row` is the event's position among the rows of its batch; `event` is its stamped JSON.
    """

    row: int
    conversion_id: str
    conversion_type: str
    conversion_time: str
    event: bytes


@dataclass(frozen=True, slots=True)
class Rejection:
    """One event that was not accepted: its position in the request, its id if it had one, why, and itself.

    `raw` is the event byte for byte where it was a line of NDJSON or the whole body, else as JSON.
    """

    index: int
    event_id: str | None
    errors: tuple[FieldError, ...]
    raw: bytes


@dataclass(frozen=True, slots=True)
class PreparedEvents:
    """The outcome of checking the `received` events of one request: rows for ClickHouse, and what was refused.

    `rows` is NDJSON, one stamped event a line with a closing newline. `event_hashes` holds 8 bytes
    a row (xxh3-64 of the event id, little-endian), in the order of the rows.
    """

    batch_id: BatchId
    received: int
    rows: bytes
    count: int
    event_hashes: bytes
    conversions: tuple[ConversionRow, ...]
    rejected: tuple[Rejection, ...]

    @property
    def size_bytes(self) -> int:
        """What it weighs on its way to the actor."""
        return len(self.rows) + sum(len(rejection.raw) for rejection in self.rejected)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that did not get into the store, as it is kept for whoever mends it.

    `position` is its place in the request or batch `batch_id`; `reason` the kind of its first fault; `errors` a JSON
    array of `{pointer, detail, code}`. `raw` is cut at the limit of an event's size, and then not `is_whole`.
    """

    batch_id: BatchId
    position: int
    event_id: str | None
    event_type: str | None
    reason: str
    errors: bytes
    raw: bytes
    is_whole: bool


@dataclass(frozen=True, slots=True)
class EventBatch:
    """One call from a replica to a shard of a tenant's actor: the requests that were in flight together.

    `frame` is one zstd frame of all their rows; `request_counts` says how many rows each request has, in order, and
    `received` how many events they held. `conversions` count their `row` from the start of the batch. The dead
    letters are what was refused of the same requests.
    """

    frame: bytes
    rows_bytes: int
    event_hashes: bytes
    request_counts: tuple[int, ...]
    received: int
    conversions: tuple[ConversionRow, ...]
    dead_letters: tuple[DeadLetter, ...]


@dataclass(frozen=True, slots=True)
class AppendReceipt:
    """A shard's word that a batch is durable: the spool row, and each request's duplicates.

    `accepted_today` counts the events that the shard accepted since midnight (UTC), these included.
    """

    spool_id: int
    duplicates: tuple[int, ...]
    accepted_today: int


@dataclass(frozen=True, slots=True)
class Durable:
    """All shards' word that a few requests are durable: their newest spool row, and each request's duplicates.

    `accepted_today` has the counts of the shards that took part.
    """

    spool_id: int
    duplicates: tuple[int, ...]
    accepted_today: Mapping[Shard, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the events that one commit took: received = accepted + duplicates + rejected."""

    received: int
    accepted: int
    duplicates: int
    rejected: int
