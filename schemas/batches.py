"""What travels from a replica to a tenant's actor and back. Bytes, and the little that is needed beside them."""

from dataclasses import dataclass

from schemas.problems import FieldError


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
    """One event that was not accepted: its position in the request, its id if it had one, and why."""

    index: int
    event_id: str | None
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class PreparedEvents:
    """The outcome of checking one request: rows as ClickHouse will be sent them, and what was refused.

    `rows` is NDJSON, one stamped event a line with a closing newline. `event_hashes` holds 8 bytes
    a row (xxh3-64 of the event id, little-endian), in the order of the rows.
    """

    rows: bytes
    count: int
    event_hashes: bytes
    conversions: tuple[ConversionRow, ...]
    rejected: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class EventBatch:
    """One call from a replica to a tenant's actor: the requests that were in flight together.

    `frame` is one zstd frame of all their rows; `request_counts` says how many rows each request
    has, in order. `conversions` count their `row` from the start of the batch.
    """

    frame: bytes
    rows_bytes: int
    event_hashes: bytes
    request_counts: tuple[int, ...]
    conversions: tuple[ConversionRow, ...]


@dataclass(frozen=True, slots=True)
class AppendReceipt:
    """The actor's word that a batch is durable: the spool row, and each request's duplicates."""

    spool_id: int
    duplicates: tuple[int, ...]
