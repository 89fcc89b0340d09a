"""A tenant's fraud lists, the sites found to flood, and what people say of findings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from schemas.fraud import ListKind, SiteFinding, SiteKey
from schemas.fraud_policy import FraudRule
from storage.postgres.connect import Database
from storage.postgres.fencing import fenced
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "fraud.sql")


@dataclass(frozen=True, slots=True)
class FraudList:
    """A list as it is now; version 0 is one that was never written."""

    version: int
    entries: list[str]
    updated_by: str | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class FraudLabel:
    """What a person says of a rule's finding about a conversion."""

    conversion_id: str
    rule: FraudRule
    is_fraud: bool
    note: str
    labelled_by: str
    labelled_at: datetime


class FraudListStore:
    """Lists, sites and labels of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def versions(self) -> dict[str, int]:
        """Give the version of each list: it grows with every change."""
        async with self._database.connection() as connection:
            return {row["kind"]: row["version"] for row in await connection.fetch(_SQL["list_versions"])}

    async def all(self) -> dict[ListKind, list[str]]:
        """Read every list."""
        async with self._database.connection() as connection:
            return {ListKind(row["kind"]): row["entries"] for row in await connection.fetch(_SQL["lists"])}

    async def one(self, kind: ListKind) -> FraudList:
        """Read a list."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["list"], kind.value)
        return FraudList(**row) if row else FraudList(0, [], None, None)

    async def replace(self, kind: ListKind, entries: Sequence[str], user_id: str) -> FraudList:
        """Put entries in the place of a list."""
        async with self._database.connection() as connection:
            return FraudList(**await connection.fetchrow(_SQL["replace_list"], kind.value, list(entries), user_id))

    async def sites(self) -> dict[SiteKey, SiteFinding]:
        """Read the sites that were found to flood."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["sites"])
        sites = [SiteKey(row["app_id"], row["media_source"], row["site_id"]) for row in rows]
        return {
            site: SiteFinding(site, row["explanation"], orjson.loads(row["evidence"]))
            for site, row in zip(sites, rows, strict=True)
        }

    async def replace_sites(self, epoch: int, findings: Sequence[SiteFinding]) -> None:
        """Put what a review found in the place of what the one before did.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over; nothing was written.
        """
        async with fenced(self._database) as connection, connection.transaction():
            await connection.execute(_SQL["assert_leads"], epoch)
            await connection.execute(_SQL["clear_sites"])
            await connection.execute(
                _SQL["add_sites"],
                [finding.site.app_id for finding in findings],
                [finding.site.media_source for finding in findings],
                [finding.site.site_id for finding in findings],
                [finding.explanation for finding in findings],
                [orjson.dumps(finding.evidence) for finding in findings],
            )

    async def label(
        self, conversion_id: str, rule: FraudRule | None, user_id: str, *, is_fraud: bool, note: str
    ) -> list[FraudLabel]:
        """Say of a conversion's findings, of one rule or (None) of all, whether they are right; none if it has none."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["label"], conversion_id, rule, is_fraud, note, user_id)
        return [FraudLabel(**{**row, "rule": FraudRule(row["rule"])}) for row in rows]
