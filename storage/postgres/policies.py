"""A tenant's policies in its own database. A version is never changed, only followed by another."""

from collections.abc import Mapping
from typing import Any

import orjson

from schemas.limits import POLICIES_PER_TENANT_MAX
from schemas.policy import Policy, parse_policy, policy_document
from schemas.policy_problems import PoliciesTooMany
from schemas.policy_versions import PolicyVersion
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "policies.sql")


class Policies:
    """The policies of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions(self) -> list[PolicyVersion]:
        """Read every version, newest first."""
        async with self._database.connection() as connection:
            return [_version(row) for row in await connection.fetch(_SQL["versions"], None)]

    async def one(self, version: int) -> PolicyVersion | None:
        """Find a version."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["versions"], version)
        return None if row is None else _version(row)

    async def in_force(self) -> Policy:
        """Read the policy that is adopted now."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["in_force"])
        return parse_policy(orjson.loads(row["document"]), row["version"])

    async def add(self, document: Mapping[str, Any], note: str, user: str) -> PolicyVersion:
        """Keep a policy, as `policy_document` writes it, as the next version; the newest one if it says the same.

        Raises:
            PoliciesTooMany: the tenant has `POLICIES_PER_TENANT_MAX` of them.
        """
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock"])
            newest = _version((await connection.fetch(_SQL["versions"], None))[0])
            if policy_document(parse_policy(newest.document, newest.version)) == document:
                return newest
            added = await connection.fetchval(_SQL["add"], orjson.dumps(document), note, user, POLICIES_PER_TENANT_MAX)
            if added is None:
                raise PoliciesTooMany
            return _version(await connection.fetchrow(_SQL["versions"], added))

    async def adopt(self, version: int, user: str) -> PolicyVersion | None:
        """Put a version in force, new or old; None if there is no such. Repeating it changes nothing."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["adopt"], version, user)
        return await self.one(version)


def _version(row: Any) -> PolicyVersion:
    return PolicyVersion(**{**row, "document": orjson.loads(row["document"])})
