"""One tenant, as its people and its servers see it."""

from collections.abc import AsyncIterator

from unmogrow.client.auth import Key, Login
from unmogrow.client.ingest import Events, Ingested, Receipt, send_events
from unmogrow.client.tail import follow
from unmogrow.client.tenant_calls import TenantCalls
from unmogrow.client.tenant_models import StoredEvent
from unmogrow.client.transport import PATIENCE_SECONDS, Transport


class TenantClient(TenantCalls):
    """Calls of the tenant plane: each route is a method, named as the operation in `/openapi.json`.

    `auth` is who reads and changes, `write_key` who sends events; a secret key (`Key("sk_...")`) may do both, as far
    as its scopes go. `tenant_id` can be left out where the host of `base_url` names the tenant.
    """

    def __init__(
        self,
        base_url: str,
        *,
        tenant_id: str | None = None,
        auth: Login | Key | None = None,
        write_key: str | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        headers = {"X-Tenant-ID": tenant_id} if tenant_id else {}
        super().__init__(Transport(base_url, headers, patience_seconds=patience_seconds), auth)
        self._ingest_auth = Key(write_key) if write_key else auth

    async def ingest(
        self, events: Events, *, idempotency_key: str | None = None, wait_stored: bool = False
    ) -> Ingested:
        """Send events of any number; return when all of them are durable (or stored in ClickHouse), or rejected.

        Raises:
            ProblemError, UnreachableError: a request failed for good; what was acknowledged before stays so.
        """
        done = Ingested()
        async for receipt in self.ingest_batches(events, idempotency_key=idempotency_key, wait_stored=wait_stored):
            done.add(receipt)
        return done

    def ingest_batches(
        self, events: Events, *, idempotency_key: str | None = None, wait_stored: bool = False
    ) -> AsyncIterator[Receipt]:
        """Send events of any number, and tell of each request as it is acknowledged; see `ingest`."""
        return send_events(
            self._transport, self._ingest_auth, events, idempotency_key=idempotency_key, wait_stored=wait_stored
        )

    async def tail(self, *, event_type: str | None = None) -> AsyncIterator[StoredEvent]:
        """Follow events as they are stored, for ever, also over broken connections.

        Raises:
            ProblemError: the call was refused.
        """
        assert self._auth is not None, "following events needs auth"
        path = "/api/v1/events/live" + (f"?event_type={event_type}" if event_type else "")
        async for data in follow(self._transport, self._auth, path):
            yield StoredEvent.model_validate_json(data)

    async def log_out(self) -> None:
        """End the session that was begun by email and password."""
        if isinstance(self._auth, Login):
            await self._auth.log_out(self._transport)
