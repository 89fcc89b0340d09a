"""A connection that asks about Postgres' own types once a process, and not once a connection.

asyncpg asks the server what an array is, for each type of array and each connection. The answer takes a recursive query
over the catalogue, which leaves the server's process 2 MB larger for as long as it lives: a third of it. What has a
number below 10,000 is written down in Postgres' source and is the same in every database.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import asyncpg

_FIRST_UNASSIGNED_OID = 10_000


@dataclass(frozen=True, slots=True)
class _NothingAsked:
    """Stands for the statement that was not needed; by its name, asyncpg knows that it has replaced no other."""

    name: str = "known"


_known: dict[frozenset[int], Any] = {}


class LeanConnection(asyncpg.Connection):  # type: ignore[misc]
    """What asyncpg learns of Postgres' own types, all connections of the process know."""

    async def _introspect_types(self, typeoids: Collection[int], timeout: float | None) -> tuple[Any, Any]:  # noqa: ASYNC109
        wanted = frozenset(typeoids)
        if wanted in _known:
            return _known[wanted], _NothingAsked()
        types, statement = await super()._introspect_types(typeoids, timeout)
        if max(wanted) < _FIRST_UNASSIGNED_OID:
            _known[wanted] = types
        return types, statement
