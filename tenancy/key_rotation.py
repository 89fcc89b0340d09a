"""Rotating a tenant's token keys: the next is published, then signs, while the old one verifies on."""

from schemas.access_settings import AuthSettings
from schemas.ids import TenantId
from storage.postgres.connect import Databases
from storage.postgres.directory import SigningKeyRecord
from storage.postgres.signing_keys import SigningKeys
from tenancy.sealing import Sealer
from tenancy.tokens import new_signing_key, token_seconds


class KeyRotation:
    """Makes token keys for tenants that have some."""

    def __init__(self, databases: Databases, sealer: Sealer, settings: AuthSettings) -> None:
        self._keys = SigningKeys(databases.control())
        self._sealer = sealer
        self._settings = settings

    async def rotate(self, tenant_id: TenantId) -> SigningKeyRecord:
        """Publish the next key; it signs after `key_publish_seconds`.

        Raises:
            RotationUnderWay: the one before does not sign yet.
        """
        record = new_signing_key(tenant_id, self._sealer)
        return await self._keys.add_next(record, self._settings.key_publish_seconds, token_seconds(self._settings))

    async def replace(self, tenant_id: TenantId) -> None:
        """Replace all keys at once, because one was betrayed: every access token is void within a second."""
        await self._keys.replace_all(new_signing_key(tenant_id, self._sealer))
