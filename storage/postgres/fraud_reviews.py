"""A tenant's fraud reviews: what was asked for, how far each came, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from schemas.fraud_problems import TooManyReviews
from schemas.limits import FRAUD_REVIEWS_UNFINISHED_MAX
from storage.postgres.connect import Database
from storage.postgres.fencing import fenced
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "fraud.sql")
_RETRY_AFTER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class FraudReview:
    """A review of the conversions from one time to before another.

    `sites` are those found to flood; `judged` are conversions, `changed` those that were sent to be attributed again.
    """

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
        """Queue a review.

        Raises:
            TooManyReviews: `FRAUD_REVIEWS_UNFINISHED_MAX` of them wait or run.
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["add_review"], since, until, FRAUD_REVIEWS_UNFINISHED_MAX)
        if row is None:
            raise TooManyReviews(retry_after_seconds=_RETRY_AFTER_SECONDS)
        return FraudReview(**row)

    async def one(self, review_id: UUID) -> FraudReview | None:
        """Find a review."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["review"], review_id)
        return None if row is None else FraudReview(**row)

    async def newest(self, limit: int) -> list[FraudReview]:
        """Read reviews, newest first."""
        async with self._database.connection() as connection:
            return [FraudReview(**row) for row in await connection.fetch(_SQL["reviews"], limit)]

    async def has_unfinished(self) -> bool:
        """Say whether any waits or runs."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_unfinished_reviews"]))

    async def schedule(self, reach: timedelta, every: timedelta) -> None:
        """Queue a review of the time up to now, unless there was one within `every`, or nothing to review came."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["schedule_review"], reach, every)

    async def begin(self) -> FraudReview | None:
        """Take up the oldest unfinished review; None if there is none."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["begin_review"])
        return None if row is None else FraudReview(**row)

    async def record(self, epoch: int, review: FraudReview, changed_ids: Sequence[str]) -> None:
        """Record how far a review came, and have conversions attributed again, in one transaction.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over; nothing was written.
        """
        async with fenced(self._database) as connection, connection.transaction():
            await connection.execute(
                _SQL["record_review"],
                *(epoch, review.review_id, review.sites, review.judged, review.changed, review.at_time, review.at_id),
            )
            if changed_ids:
                await connection.execute(_SQL["requeue_reviewed"], list(changed_ids))

    async def finish(self, epoch: int, review_id: UUID, error: str | None = None) -> None:
        """End a review.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over; nothing was written.
        """
        async with fenced(self._database) as connection:
            await connection.execute(_SQL["finish_review"], epoch, review_id, "failed" if error else "done", error)
