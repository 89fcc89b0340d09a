"""What the fraud rules found, as reports and reviews read it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "fraud.sql")

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Span:
    """From one time (aware) to before another, of one media source or (None) of all."""

    since: datetime
    until: datetime
    media_source: str | None = None


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """What a rule found: conversions in all, those whose claim it speaks against, those that change hands; labels."""

    rule: str
    mode: str
    conversions: int
    claims: int
    moved: int
    confirmed: int
    refuted: int


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """Claims of a source, or of a site of it, that a rule speaks against."""

    media_source: str
    site_id: str
    rule: str
    mode: str
    claims: int


@dataclass(frozen=True, slots=True)
class DayCounts:
    """Claims of a day that a rule speaks against."""

    day: date
    rule: str
    mode: str
    claims: int


@dataclass(frozen=True, slots=True)
class Move:
    """Conversions that go from who claimed them to somebody else, or would if the rules in shadow were on."""

    mode: str
    from_media_source: str
    to_media_source: str
    conversions: int


@dataclass(frozen=True, slots=True)
class JudgedConversion:
    """A conversion with what the rules found of it, and who claimed it; `findings` as JSON text."""

    conversion_id: str
    conversion_time: datetime
    claimed_media_source: str
    claimed_campaign: str
    claimed_site_id: str
    findings: str


class FraudFindings:
    """Findings of one tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversions(
        self, span: Span, rule: str | None, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[JudgedConversion]:
        """Read conversions with findings, of one rule or of all, newest first, those before (time, id)."""
        time, conversion_id = before or (span.until, "")
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _SQL["conversions"], span.since, span.until, span.media_source, rule, time, conversion_id, limit
            )
        return [JudgedConversion(**row) for row in rows]

    async def by_rule(self, span: Span) -> list[RuleCounts]:
        """Count by rule."""
        return await self._counted(RuleCounts, "rules_report", span)

    async def by_source(self, span: Span, limit: int) -> list[PlaceCounts]:
        """Count by source, the largest counts first."""
        return await self._counted(PlaceCounts, "findings_by_source", span, limit)

    async def by_site(self, span: Span, limit: int) -> list[PlaceCounts]:
        """Count by site, the largest counts first."""
        return await self._counted(PlaceCounts, "findings_by_site", span, limit)

    async def by_day(self, span: Span, time_zone: str) -> list[DayCounts]:
        """Count by day of a time zone (IANA)."""
        return await self._counted(DayCounts, "findings_by_day", span, time_zone)

    async def moves(self, span: Span, limit: int) -> list[Move]:
        """Count what changes hands, the largest counts first."""
        return await self._counted(Move, "moves", span, limit)

    async def _counted(self, kind: type[Row], query: str, span: Span, *more: object) -> list[Row]:
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL[query], span.since, span.until, span.media_source, *more)
        return [kind(**row) for row in rows]
