"""Changing a tenant's token keys in the control database."""

from dataclasses import replace

from schemas.access_problems import RotationUnderWay
from storage.postgres.connect import Database
from storage.postgres.directory import SigningKeyRecord
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "signing_keys.sql")


class SigningKeys:
    """Token keys of all tenants."""

    def __init__(self, control: Database) -> None:
        self._control = control

    async def add_next(self, record: SigningKeyRecord, publish_seconds: int, keep_seconds: int) -> SigningKeyRecord:
        """Enter the key that signs after so many seconds, and forget those that ended so many seconds ago.

        Raises:
            RotationUnderWay: a key that does not sign yet is there.
        """
        async with self._control.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock"], record.tenant_id)
            if await connection.fetchval(_SQL["waiting"], record.tenant_id):
                raise RotationUnderWay
            await connection.execute(_SQL["forget_ended"], record.tenant_id, keep_seconds)
            signs_from = await connection.fetchval(_SQL["add"], *_columns(record), publish_seconds)
        return replace(record, signs_from=signs_from)

    async def replace_all(self, record: SigningKeyRecord) -> None:
        """Enter a key that signs at once, in the place of all others: what they signed is void."""
        async with self._control.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock"], record.tenant_id)
            await connection.execute(_SQL["forget_all"], record.tenant_id)
            await connection.execute(_SQL["add"], *_columns(record), 0)


def _columns(record: SigningKeyRecord) -> tuple[str, str, bytes, str]:
    return record.kid, record.tenant_id, record.private_key_sealed, record.public_jwk
