"""The platform, as its operators and other clusters see it."""

from collections.abc import AsyncIterator

import zstandard

from unmogrow.client.auth import Key
from unmogrow.client.global_calls import GlobalCalls
from unmogrow.client.global_models import AcceptedByTenant
from unmogrow.client.ingest import NDJSON_ZSTD, Events, batches
from unmogrow.client.transport import PATIENCE_SECONDS, Call, Transport


class PlatformClient(GlobalCalls):
    """Calls of the global plane: each route is a method, named as the operation in `/openapi.json`."""

    def __init__(self, base_url: str, platform_key: str, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        super().__init__(Transport(base_url, {}, patience_seconds=patience_seconds), Key(platform_key))

    async def ingest_batches(self, events: Events) -> AsyncIterator[AcceptedByTenant]:
        """Send events that each name their `tenant_id`; give what became of those of each request, by tenant.

        Raises:
            ProblemError, UnreachableError: a request failed for good; what was acknowledged before stays so.
        """
        async for rows in batches(events):
            content = zstandard.compress(b"".join(rows), level=1)
            # Sent again, its events count as duplicates: the global plane folds them by their ids alone.
            call = Call("POST", "/api/v1/ingest", headers=NDJSON_ZSTD, content=content, is_repeatable=True)
            response = await self._transport.send(call, self._auth)
            yield AcceptedByTenant.model_validate_json(response.content)
