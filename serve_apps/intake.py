"""From a request's bytes to a durable batch: decode, check, hand over, answer. Both planes take events this way."""

from dataclasses import dataclass, replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from actors.handles import TenantActors
from ingest.body import decompress
from ingest.parse import parse_events
from ingest.prepare import Stamp, prepare
from schemas.batches import Rejection
from schemas.ids import TenantId, new_batch_id
from schemas.limits import BODY_BYTES_MAX
from schemas.problems import BodyTooLarge, EventsInvalid
from serve_apps.conversion_rules import ConversionRules
from serve_apps.courier import Courier
from serve_apps.property_checks import PropertyChecks
from telemetry.clock import utc_now
from tenancy.quotas import Quotas


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What a request asks for: all or nothing; answer only when ClickHouse has the events.

    What is rejected becomes a dead letter, unless the events are a replay of dead letters. A dry run only checks.
    """

    strict: bool = False
    wait_stored: bool = False
    is_replay: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class IngestAnswer:
    """What became of the events of one request; `durability` is spooled or stored."""

    accepted: int
    duplicates: int
    rejected: tuple[Rejection, ...]
    batch_id: str
    durability: str

    def document(self) -> dict[str, Any]:
        """Build the body of the answer."""
        return {
            "accepted": self.accepted,
            "duplicates": self.duplicates,
            "rejected": [rejected_document(rejection) for rejection in self.rejected],
            "batch_id": self.batch_id,
        }


def rejected_document(rejection: Rejection) -> dict[str, Any]:
    """Write a rejection down, with a JSON Pointer into the event for each thing that is wrong."""
    return {
        "index": rejection.index,
        "event_id": rejection.event_id,
        "errors": [error.document() for error in rejection.errors],
    }


class Intake:
    """Takes events for tenants."""

    def __init__(
        self, actors: TenantActors, quotas: Quotas, checks: PropertyChecks, conversions: ConversionRules
    ) -> None:
        self._actors = actors
        self._checks = checks
        self._conversions = conversions
        self._quotas = quotas
        self._courier = Courier(actors)

    async def take(
        self, tenant_id: TenantId, events: list[Any], request: Request, options: IngestOptions, text: bytes = b""
    ) -> IngestAnswer:
        """Make a request's events durable: the valid ones on their way to the store, the others as dead letters.

        A strict request with a fault, or one without events, leaves nothing. See `prepare` for `text`.

        Raises:
            EventsInvalid: none is valid, or not all are and the request is strict.
            Problem: the tenant's actor does not take them now.
        """
        stamp = Stamp(tenant_id, new_batch_id(), utc_now(), client_ip(request), request.headers.get("user-agent", ""))
        prepared = prepare(events, stamp, self._checks.of(tenant_id), text, self._conversions.of(tenant_id))
        nothing = IngestAnswer(0, 0, prepared.rejected, stamp.batch_id, "")
        if not events:
            raise EventsInvalid("The request holds no event.", extra=nothing.document())
        if options.is_replay:
            prepared = replace(prepared, received=prepared.count, rejected=())
        if options.dry_run:
            return replace(nothing, accepted=prepared.count)
        if prepared.count == 0 and not prepared.rejected:
            return nothing
        if options.strict and prepared.rejected:
            raise EventsInvalid(extra=nothing.document())
        delivery = await self._courier.send(tenant_id, prepared)
        self._quotas.learn(tenant_id, delivery.accepted_today, stamp.received_at)
        if prepared.count == 0:
            raise EventsInvalid(extra=nothing.document())
        if options.wait_stored:
            await self._actors.wait_stored(tenant_id, delivery.spool_id)
        return IngestAnswer(
            prepared.count - delivery.duplicates,
            delivery.duplicates,
            nothing.rejected,
            stamp.batch_id,
            "stored" if options.wait_stored else "spooled",
        )


async def read_body(request: Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Read a request's body as it came, within a limit.

    Raises:
        BodyTooLarge: as it says.
    """
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def body_text(request: Request, body: bytes, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """Decompress a request's body, within a limit.

    Raises:
        BodyTooLarge, EncodingUnsupported: as they say.
    """
    return decompress(body, request.headers.get("content-encoding"), bytes_max=bytes_max)


def decode_events(request: Request, text: bytes, inherited: str | None = None) -> list[Any]:
    """Parse a request's decompressed body; see `parse_events` for what is inherited.

    Raises:
        MediaTypeUnsupported, UnparseableBody, TooManyEvents: as they say.
    """
    return parse_events(text, request.headers.get("content-type"), inherited)


def client_ip(request: Request) -> str:
    """Give the address that the edge saw: the last of X-Forwarded-For, which the edge itself writes."""
    forwarded = request.headers.get("x-forwarded-for")
    if forwarded:
        return forwarded.rpartition(",")[2].strip()
    return request.client.host if request.client else ""


def accepted_response(document: dict[str, Any], durability: str) -> Response:
    """Answer 202: durable from now on."""
    return Response(orjson.dumps(document), 202, media_type="application/json", headers={"X-Durability": durability})
