"""What advertising cost, as the tenant entered it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from schemas.money import CostLine
from schemas.report_problems import CostExists
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "money.sql")
_END = date(9999, 12, 31)
_BEGINNING = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class StoredCost:
    """A cost with its number, and when it was last changed."""

    cost_id: int
    line: CostLine
    updated_at: datetime


class Costs:
    """The costs of one tenant. Two of the same day, names and currency are one: the later amount replaces the other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, lines: Sequence[CostLine]) -> tuple[int, int]:
        """Enter or replace costs, all or none; say how many were new, and how many have another amount now."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["upsert_costs"], *_columns(lines), [line.cost for line in lines])
        new = sum(row["is_new"] for row in rows)
        return new, len(rows) - new

    async def compare(self, lines: Sequence[CostLine]) -> tuple[int, int]:
        """Say how many `put` would enter, and to how many it would give another amount."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["compare_costs"], *_columns(lines), [line.cost for line in lines])
        return row["new"], row["changed"]

    async def add(self, line: CostLine) -> StoredCost:
        """Enter or replace one cost."""
        async with self._database.connection() as connection:
            return _stored(await connection.fetchrow(_SQL["add_cost"], *_fields(line)))

    async def replace(self, cost_id: int, line: CostLine) -> StoredCost | None:
        """Change all that a cost says; None if there is none of this number.

        Raises:
            CostExists: another cost has this day, names and currency.
        """
        async with self._database.connection() as connection:
            try:
                row = await connection.fetchrow(_SQL["replace_cost"], cost_id, *_fields(line))
            except asyncpg.UniqueViolationError as error:
                raise CostExists from error
        return None if row is None else _stored(row)

    async def one(self, cost_id: int) -> StoredCost | None:
        """Find one cost."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["one_cost"], cost_id)
        return None if row is None else _stored(row)

    async def delete(self, cost_id: int) -> bool:
        """Delete a cost; False if there is none of this number."""
        async with self._database.connection() as connection:
            return await connection.fetchval(_SQL["delete_cost"], cost_id) is not None

    async def page(
        self,
        *,
        before: tuple[date, int] | None,
        since: date | None,
        until: date | None,
        media_source: str | None,
        limit: int,
    ) -> list[StoredCost]:
        """Read costs of days from `since` to `until`, newest first, those before a (day, cost_id)."""
        day, cost_id = before or (until or _END, 2**63 - 1)
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["costs_page"], day, cost_id, since or _BEGINNING, media_source, limit)
        return [_stored(row) for row in rows]

    async def between(self, first: date, last: date) -> list[CostLine]:
        """Read all costs of some days, both ends included."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["costs_between"], first, last)
        return [CostLine(**row) for row in rows]


def _columns(lines: Sequence[CostLine]) -> tuple[list[Any], ...]:
    return tuple([getattr(line, name) for line in lines] for name in _NAMES)


def _fields(line: CostLine) -> tuple[Any, ...]:
    return (*(getattr(line, name) for name in _NAMES), line.cost)


_NAMES = ("media_source", "campaign", "adset", "day", "app_id", "country", "currency")


def _stored(row: Any) -> StoredCost:
    fields = dict(row)
    cost_id, updated_at = fields.pop("cost_id"), fields.pop("updated_at")
    return StoredCost(cost_id, CostLine(**fields), updated_at)
