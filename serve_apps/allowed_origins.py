"""The origins that each tenant's owner named, kept for a moment: every call from a page asks for them twice."""

from time import monotonic

from schemas.ids import TenantId
from storage.postgres.connect import CONNECTION_LOST, Databases
from storage.postgres.tenant_settings import TenantSettings

_KEPT_SECONDS = 2.0
"""So late does a change apply."""


class AllowedOrigins:
    """Reads them from the tenants' databases."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._kept: dict[TenantId, tuple[float, frozenset[str]]] = {}

    async def of(self, tenant_id: TenantId) -> frozenset[str]:
        """Give a tenant's origins; none while its database is away."""
        now = monotonic()
        until, origins = self._kept.get(tenant_id, (0.0, frozenset()))
        if now > until:
            origins = await self._read(tenant_id)
            self._kept[tenant_id] = now + _KEPT_SECONDS, origins
        return origins

    async def _read(self, tenant_id: TenantId) -> frozenset[str]:
        try:
            settings = await TenantSettings(self._databases.tenant(tenant_id)).read()
        except CONNECTION_LOST:
            return frozenset()
        return frozenset(settings.allowed_origins)
