"""What currencies were worth in the tenant's, as the tenant entered it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from schemas.money import RateLine
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "money.sql")
_END = (date(9999, 12, 31), "")


class StoredRates:
    """The rates of one tenant into one currency, the quote. Those into another are kept, and come back with it."""

    def __init__(self, database: Database, quote: str) -> None:
        self._database = database
        self._quote = quote

    async def put(self, lines: Sequence[RateLine]) -> tuple[int, int]:
        """Enter or replace rates, all or none; say how many were new, and how many are another now."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["upsert_rates"], self._quote, *_columns(lines))
        new = sum(row["is_new"] for row in rows)
        return new, len(rows) - new

    async def compare(self, lines: Sequence[RateLine]) -> tuple[int, int]:
        """Say how many `put` would enter, and how many it would change."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["compare_rates"], self._quote, *_columns(lines))
        return row["new"], row["changed"]

    async def between(self, first: date, last: date) -> list[RateLine]:
        """Read the rates of some days, both ends included."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["rates_between"], self._quote, first, last)
        return [RateLine(**row) for row in rows]

    async def page(self, *, before: tuple[date, str] | None, currency: str | None, limit: int) -> list[RateLine]:
        """Read rates, newest first, those before a (day, currency)."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["rates_page"], self._quote, currency, *(before or _END), limit)
        return [RateLine(row["currency"], row["day"], row["rate"]) for row in rows]

    async def delete(self, currency: str, day: date) -> bool:
        """Delete a rate; False if there is none."""
        async with self._database.connection() as connection:
            return await connection.fetchval(_SQL["delete_rate"], self._quote, currency, day) is not None


def _columns(lines: Sequence[RateLine]) -> tuple[list[Any], ...]:
    return tuple([getattr(line, name) for line in lines] for name in ("currency", "day", "rate"))
