"""A tenant's fraud reviews: what was asked for, how far each came, and how it ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "fraud.sql")


@dataclass(frozen=True, slots=True)
class FraudReview:
    """A review of the installs from one time to before another; `sites` flood, `judged` and `changed` are installs."""

    review_id: UUID
    state: Literal["queued", "running", "done", "failed"]
    since: datetime
    until: datetime
    sites: int
    judged: int
    changed: int
    at_time: datetime | None
    at_id: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


class FraudReviews:
    """Reviews of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, since: datetime, until: datetime) -> FraudReview:
        """Queue a review."""
        async with self._database.connection() as connection:
            return FraudReview(**await connection.fetchrow(_SQL["add_review"], since, until))

    async def one(self, review_id: UUID) -> FraudReview | None:
        """Find a review."""
        return await self._maybe("review", review_id)

    async def newest(self, limit: int) -> list[FraudReview]:
        """Read reviews, newest first."""
        async with self._database.connection() as connection:
            return [FraudReview(**row) for row in await connection.fetch(_SQL["reviews"], limit)]

    async def unfinished(self) -> list[UUID]:
        """List the ids of queued and running reviews, oldest first."""
        async with self._database.connection() as connection:
            return [row["review_id"] for row in await connection.fetch(_SQL["unfinished_reviews"])]

    async def begin(self, review_id: UUID, sites: int) -> FraudReview | None:
        """Start a review or go on with it; None if it has ended or is unknown."""
        return await self._maybe("begin_review", review_id, sites)

    async def record(self, review_id: UUID, *, judged: int, changed: int, position: tuple[datetime, str]) -> None:
        """Record how far a review came."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["record_review"], review_id, judged, changed, *position)

    async def finish(self, review_id: UUID, error: str | None = None) -> None:
        """End a review."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["finish_review"], review_id, "failed" if error else "done", error)

    async def _maybe(self, query: str, *arguments: Any) -> FraudReview | None:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL[query], *arguments)
        return None if row is None else FraudReview(**row)
