"""Which requests a tenant has sent with an Idempotency-Key, and what they were answered."""

from dataclasses import dataclass
from typing import Any

import orjson

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "idempotency.sql")
_KEEP_DAYS = 30


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What a request was answered; `fingerprint` is 16 bytes that tell its body from others."""

    fingerprint: bytes
    document: dict[str, Any]
    durability: str


class IdempotencyKeys:
    """Keeps answers for 30 days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: str) -> KeptAnswer | None:
        """Look an answer up."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["find"], key)
        return None if row is None else KeptAnswer(row["fingerprint"], orjson.loads(row["answer"]), row["durability"])

    async def keep(self, key: str, answer: KeptAnswer) -> None:
        """Keep an answer, and let go of a few old ones."""
        async with self._database.connection() as connection:
            document = orjson.dumps(answer.document)
            await connection.execute(_SQL["keep"], key, answer.fingerprint, document, answer.durability)
            await connection.execute(_SQL["forget"], _KEEP_DAYS)
