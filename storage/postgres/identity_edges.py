"""The links between ids, in the tenant's own database: each with its first cause, none ever deleted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.identity import Edge, IdentityKey, IdentityKind, Link
from storage.identity_hashes import identity_hash, signed
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "identity.sql")
_LINKS_AT_ONCE = 10_000
"""A batch may hold hundreds of thousands: in one statement, they would take longer than a statement may."""


@dataclass(frozen=True, slots=True)
class IdentityChange:
    """An edge that came or went."""

    change_id: int
    is_removal: bool
    user: IdentityKey
    other: IdentityKey


@dataclass(frozen=True, slots=True)
class WaitingLinks:
    """How many links came or went that the rest was not told of yet, and when the oldest of them did."""

    waiting: int
    since: datetime | None


class IdentityEdges:
    """The edges of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def link(self, links: Sequence[Link]) -> int:
        """Record links, and say how many are new; one that is known stays as it is, removed or not."""
        async with self._database.connection() as connection:
            return await record_links(connection, links)

    async def has_any(self) -> bool:
        """Say whether anything joins anybody."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_edges"]))

    async def around(self, keys: Mapping[IdentityKey, int], *, removed: bool = False) -> list[Edge]:
        """Read the edges of ids, of each at most as many as it says; those that were removed, or the others."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _SQL["around"],
                [signed(identity_hash(key)) for key in keys],
                [key.kind is IdentityKind.USER_ID for key in keys],
                list(keys.values()),
                removed,
            )
        return [_edge(row) for row in rows]

    async def remove(self, edge_id: int, user: str) -> Edge | None:
        """Take an edge back; None if there is no such. Repeating it changes nothing."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["remove"], edge_id, user)
            row = await connection.fetchrow(_SQL["one"], edge_id)
        return None if row is None else _edge(row)

    async def changes(self, limit: int) -> list[IdentityChange]:
        """Read the edges that came or went and were not told on, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["changes"], limit)
        return [
            IdentityChange(
                row["change_id"],
                row["is_removal"],
                IdentityKey(IdentityKind.USER_ID, row["user_id"]),
                IdentityKey(IdentityKind(row["other_kind"]), row["other_value"]),
            )
            for row in rows
        ]

    async def has_changes(self) -> bool:
        """Say whether any waits to be told on."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_changes"]))

    async def waiting(self) -> WaitingLinks:
        """Say how many wait to be told on."""
        async with self._database.connection() as connection:
            return WaitingLinks(**await connection.fetchrow(_SQL["waiting"]))

    async def told(
        self, changes: Sequence[IdentityChange], match_hashes: Collection[int], conversion_ids: Collection[str]
    ) -> None:
        """End changes; have recent conversions under these keys, and these of any age, attributed once more."""
        async with self._database.connection() as connection:
            await connection.execute(
                _SQL["told"],
                [change.change_id for change in changes],
                [signed(each) for each in match_hashes],
                list(conversion_ids),
            )


async def record_links(connection: Any, links: Sequence[Link]) -> int:
    """Record links on a connection, perhaps in somebody's transaction, and say how many are new."""
    # In one order, so that two shards never wait for each other, whatever the portions.
    rows = sorted(map(_row, links), key=lambda row: (*row[:2], row[-1]))
    new = 0
    for start in range(0, len(rows), _LINKS_AT_ONCE):
        columns = zip(*rows[start : start + _LINKS_AT_ONCE], strict=True)
        new += await connection.fetchval(_SQL["link"], *map(list, columns))
    return new


def _row(link: Link) -> tuple[Any, ...]:
    return (
        signed(identity_hash(link.user)),
        signed(identity_hash(link.key)),
        link.user_id,
        link.key.kind.value,
        link.key.value,
        link.event_id,
        link.linked_at,
    )


def _edge(row: Any) -> Edge:
    key = IdentityKey(IdentityKind(row["other_kind"]), row["other_value"])
    link = Link(row["user_id"], key, row["event_id"], row["linked_at"])
    return Edge(row["edge_id"], link, row["recorded_at"], row["removed_at"], row["removed_by"])
