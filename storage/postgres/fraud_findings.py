"""What the fraud rules found, as reports and reviews read it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from schemas.reports import Condition, Dimension, Operator, ReportQuery
from storage.postgres.connect import Database
from storage.sql import fill, load_queries

_SQL = load_queries("storage.postgres", "fraud.sql")
_COLUMNS: Mapping[Dimension, str] = {
    Dimension.MEDIA_SOURCE: "claimed_media_source",
    Dimension.CAMPAIGN: "claimed_campaign",
    Dimension.SITE_ID: "claimed_site_id",
}
FRAUD_DIMENSIONS = tuple(_COLUMNS)
"""What findings are known by: who claimed the conversion."""

_CONDITIONS = {
    Operator.IS: "condition_is",
    Operator.IS_NOT: "condition_is_not",
    Operator.CONTAINS: "condition_contains",
    Operator.CONTAINS_NOT: "condition_contains_not",
}
_SPAN_PLACES = 2
"""How many bound values each query has first: from and to."""


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
    """Findings of one tenant that a query is about; of its dimensions, only `FRAUD_DIMENSIONS`."""

    def __init__(self, database: Database, query: ReportQuery) -> None:
        self._database = database
        self._query = query

    async def conversions(
        self, rule: str | None, *, before: tuple[datetime, str] | None, limit: int
    ) -> list[JudgedConversion]:
        """Read conversions with findings, of one rule or of all, newest first, those before (time, id)."""
        time, conversion_id = before or (self._query.span.until, "")
        rows = await self._rows("conversions", (rule, time, conversion_id, limit))
        return [JudgedConversion(**row) for row in rows]

    async def by_rule(self, limit: int) -> list[RuleCounts]:
        """Count by rule."""
        rows = await self._rows("findings", limit, {"dimensions": "", "groups": "", "order": ""})
        return [RuleCounts(**row) for row in rows]

    async def by_breakdown(self, limit: int) -> list[dict[str, Any]]:
        """Count by breakdown and rule, most claims first: the dimensions, then the fields of `RuleCounts`."""
        names = [dimension.value for dimension in self._query.breakdown]
        columns = [f"f.{_COLUMNS[dimension]} AS {dimension.value}, " for dimension in self._query.breakdown]
        groups = "".join(f"{name}, " for name in names)
        slots = {"dimensions": "".join(columns), "groups": groups, "order": f"claims DESC, {groups}"}
        return await self._rows("findings", limit, slots)

    async def by_source(self, limit: int) -> list[PlaceCounts]:
        """Count by source, the largest counts first."""
        return [PlaceCounts(**row) for row in await self._rows("findings_by_source", limit)]

    async def by_site(self, limit: int) -> list[PlaceCounts]:
        """Count by site, the largest counts first."""
        return [PlaceCounts(**row) for row in await self._rows("findings_by_site", limit)]

    async def by_day(self) -> list[DayCounts]:
        """Count by day of the query's time zone."""
        return [DayCounts(**row) for row in await self._rows("findings_by_day", self._query.span.zone)]

    async def moves(self, limit: int) -> list[Move]:
        """Count what changes hands, the largest counts first."""
        return [Move(**row) for row in await self._rows("moves", limit)]

    async def _rows(
        self, name: str, more: int | str | tuple[Any, ...], slots: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        texts, values = [], []
        asked = more if isinstance(more, tuple) else (more,)
        for place, condition in enumerate(self._query.conditions, _SPAN_PLACES + len(asked) + 1):
            column = {"column": _COLUMNS[condition.dimension], "place": str(place)}
            texts.append("AND " + fill(_SQL[_CONDITIONS[condition.operator]], column))
            values.append(_values(condition))
        statement = fill(_SQL[name], {"conditions": " ".join(texts), **(slots or {})})
        span = self._query.span
        async with self._database.connection() as connection:
            rows = await connection.fetch(statement, span.since, span.until, *asked, *values)
        return [dict(row) for row in rows]


def _values(condition: Condition) -> list[str]:
    """Give a condition's values as it compares them: patterns, if it is about parts."""
    if condition.operator in {Operator.IS, Operator.IS_NOT}:
        return list(condition.values)
    return ["%" + re.sub(r"([\\%_])", r"\\\1", value) + "%" for value in condition.values]
