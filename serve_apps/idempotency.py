"""Idempotency-Key: a request that is sent again gets the answer that the first one got."""

import re
from collections.abc import Awaitable, Callable

import xxhash
from starlette.requests import Request
from starlette.responses import Response

from schemas.problems import IdempotencyKeyReused, ParameterInvalid
from serve_apps.intake import IngestAnswer, accepted_response
from serve_apps.services import services_of
from storage.postgres.directory import TenantRecord
from storage.postgres.idempotency import IdempotencyKeys, KeptAnswer

_KEY = re.compile(r"[!-~]{1,255}")


async def once(
    request: Request, tenant: TenantRecord, body: bytes, take: Callable[[], Awaitable[IngestAnswer]]
) -> Response:
    """Take a request's events and answer, or repeat the answer that its Idempotency-Key has got before.

    A crash between taking and keeping the answer makes a repeat count its events as duplicates: they still count once.

    Raises:
        ParameterInvalid: the key is none.
        IdempotencyKeyReused: it came before with another body.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        answer = await take()
        return accepted_response(answer.document(), answer.durability)
    if not _KEY.fullmatch(key):
        raise ParameterInvalid("`Idempotency-Key` must be 1 to 255 printable ASCII characters without spaces.")
    keys = IdempotencyKeys(services_of(request).databases.tenant(tenant.tenant_id))
    fingerprint = xxhash.xxh3_128_digest(body)
    kept = await keys.find(key)
    if kept is None:
        answer = await take()
        kept = KeptAnswer(fingerprint, answer.document(), answer.durability)
        await keys.keep(key, kept)
        return accepted_response(kept.document, kept.durability)
    if kept.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    response = accepted_response(kept.document, kept.durability)
    response.headers["Idempotent-Replayed"] = "true"
    return response
