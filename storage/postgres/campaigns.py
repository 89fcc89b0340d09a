"""The campaigns that a tenant planned."""

from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from schemas.campaign_problems import CampaignExists, CampaignsTooMany
from schemas.campaigns import Campaign
from schemas.limits import CAMPAIGNS_PER_TENANT_MAX
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "campaigns.sql")
_END = (datetime(9999, 12, 31, tzinfo=UTC), UUID(int=0))


@dataclass(frozen=True, slots=True)
class StoredCampaign:
    """A campaign with its id, and when it was made and last changed."""

    campaign_id: UUID
    plan: Campaign
    created_at: datetime
    updated_at: datetime


class Campaigns:
    """The campaigns of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, plan: Campaign) -> StoredCampaign:
        """Enter a campaign.

        Raises:
            CampaignExists: the media source has one of this name.
            CampaignsTooMany: there are `CAMPAIGNS_PER_TENANT_MAX` of them.
        """
        async with self._database.connection() as connection:
            if await connection.fetchval(_SQL["count"]) >= CAMPAIGNS_PER_TENANT_MAX:
                raise CampaignsTooMany
            row = await connection.fetchrow(_SQL["add"], *astuple(plan))
        if row is None:
            raise CampaignExists
        return _stored(row)

    async def one(self, campaign_id: UUID) -> StoredCampaign | None:
        """Find a campaign."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["one"], campaign_id)
        return None if row is None else _stored(row)

    async def page(
        self, *, before: tuple[datetime, UUID] | None, media_source: str | None, limit: int
    ) -> list[StoredCampaign]:
        """Read campaigns, newest first, those before a (created_at, campaign_id)."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["page"], *(before or _END), media_source, limit)
        return [_stored(row) for row in rows]

    async def replace(self, campaign_id: UUID, plan: Campaign) -> StoredCampaign | None:
        """Replace all that a campaign says; None if there is none.

        Raises:
            CampaignExists: another one has this media source and name.
        """
        async with self._database.connection() as connection:
            try:
                row = await connection.fetchrow(_SQL["replace"], campaign_id, *astuple(plan))
            except asyncpg.UniqueViolationError as error:
                raise CampaignExists from error
        return None if row is None else _stored(row)

    async def delete(self, campaign_id: UUID) -> bool:
        """Delete a campaign; False if there is none."""
        async with self._database.connection() as connection:
            return await connection.fetchval(_SQL["delete"], campaign_id) is not None


def _stored(row: Any) -> StoredCampaign:
    fields = dict(row)
    known = {name: fields.pop(name) for name in ("campaign_id", "created_at", "updated_at")}
    return StoredCampaign(plan=Campaign(**fields), **known)
