"""Reads a tenant's journeys as columns: what ClickHouse answers in Arrow goes to whoever computes as it is.

`journeys.sql` says what a journey is. Channels are named by one or more fields of their touches, joined by ` / `. They
are numbered first, so that paths are short arrays of small numbers, which ClickHouse folds by the million.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from clickhouse_connect.driver.asyncclient import AsyncClient

from schemas.ids import TenantId
from schemas.model_problems import ModelsTooLarge
from schemas.report_problems import QuestionTooLarge
from schemas.reports import Condition, Dimension, Operator
from storage.clickhouse.brought_tables import external_data
from storage.clickhouse.connect import ClickHouse, QueryTooLargeError, query_limits
from storage.clickhouse.literals import moment_text, text_hash
from storage.clickhouse.report_reader import Conversion
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "journeys.sql") | load_queries("storage.clickhouse", "person.sql")
_FRAGMENTS = (
    *(
        "touch_code",
        "journey_codes",
        "touch_person",
        "attributed_with_leads",
        "lead",
        "worth",
        "rate",
        "ordered_rates",
        "joined_person",
        "joined_key",
        "person_key",
        "touch_hash",
    ),
    *("touch_milliseconds", "touches_asked_for", "conversions_asked_for", "conversions_near"),
)
"""Named parts of the queries; each may hold those after it."""

CHANNELS_MAX = 200
"""So many channels are told apart, those with most touches; the others are one."""

OTHERS = "(other)"
UNNAMED = "unknown"
"""The channel of a touch whose field is empty, as attribution calls it."""

DUPLICATE_CLICK_WINDOW = timedelta(seconds=10)


FILTERED = (Dimension.APP_ID, Dimension.COUNTRY, Dimension.PLATFORM)
"""What journeys can be filtered by: a filter by their channels would cut them into pieces."""

_ARRAYS = {
    Dimension.MEDIA_SOURCE: "touch_sources",
    Dimension.CHANNEL: "touch_channels",
    Dimension.CAMPAIGN: "touch_campaigns",
}
BREAKDOWNS = tuple(_ARRAYS)
"""What can be told apart on a journey."""

NO_MONEY = Conversion("")
"""No currency has a value."""


@dataclass(frozen=True, slots=True)
class JourneyQuestion:
    """Which journeys: those of conversions, and of touches that led to none, in a span of time; '' means any."""

    since: datetime
    until: datetime
    conversion_types: tuple[str, ...]
    breakdown: tuple[Dimension, ...] = (Dimension.MEDIA_SOURCE,)
    conditions: tuple[Condition, ...] = ()
    lookback: timedelta = timedelta(days=7)
    event_name: str = ""
    lead_event: str = ""
    conversion: Conversion = NO_MONEY


@dataclass(frozen=True, slots=True)
class CurrencyCount:
    """Conversions asked for whose revenue can be told in a currency ('': none); `organic`: no touch led to them.

    `credited` are those whose touches have the credits of a learned model, by its id.
    """

    currency: str
    conversions: int
    organic: int
    credited: Mapping[str, int]
    revenue: Decimal | None


class JourneyReader:
    """Reads one tenant's journeys."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id)

    async def version(self) -> tuple[int, ...]:
        """Give what changes whenever anything is stored: rows of events, of attributed conversions, and of joined ids.

        Raises:
            StoreAwayError: the store did not answer, here and below.
        """
        async with self._client() as client:
            answer = await client.query(fill(_SQL["version"], self._tables), settings=self._settings())
        return tuple(answer.result_rows[0])

    async def made(self, question: JourneyQuestion) -> list[CurrencyCount]:
        """Count the conversions asked for, by currency.

        Raises:
            ModelsTooLarge: the store may not take so much time or memory, here and below.
        """
        async with self._client() as client:
            answer = await client.query(
                self._filled("made", question),
                parameters=_parameters(question),
                settings=self._settings(),
                external_data=external_data([question.conversion.table()]),
            )
        return [CurrencyCount(*row) for row in answer.result_rows]

    async def channels(self, question: JourneyQuestion) -> tuple[str, ...]:
        """Give the channels, those with most touches first; `OTHERS` last, if there are more than can be told apart."""
        parameters = _parameters(question) | {"labels_max": CHANNELS_MAX + 1}
        async with self._client() as client:
            answer = await client.query(
                self._filled("labels", question), parameters=parameters, settings=self._settings()
            )
        names = tuple(row[0] for row in answer.result_rows)
        return names if len(names) <= CHANNELS_MAX else (*names[: CHANNELS_MAX - 1], OTHERS)

    async def folded(self, question: JourneyQuestion, channels: tuple[str, ...]) -> bytes:
        """Read each distinct path: `path` (places in `channels`), `lead`, `conversions`, `nulls`, `value`; Arrow."""
        return await self._arrow("folded", question, channels)

    async def timed(self, question: JourneyQuestion, channels: tuple[str, ...]) -> bytes:
        """Read each converting journey: `path`, `ages` (days to the end), `lead`, `value`, `touch_credits`; Arrow."""
        return await self._arrow("timed", question, channels)

    async def _arrow(self, query: str, question: JourneyQuestion, channels: tuple[str, ...]) -> bytes:
        codes = {
            "labels": list(map(text_hash, channels)),
            "codes": list(range(len(channels))),
            "others": max(len(channels) - 1, 0),
        }
        async with self._client() as client:
            answer: bytes = await client.raw_query(
                self._filled(query, question),
                parameters=_parameters(question) | codes,
                fmt="ArrowStream",
                settings=self._settings() | {"output_format_arrow_compression_method": "lz4_frame"},
                external_data=external_data([question.conversion.table()]),
            )
        return answer

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[AsyncClient]:
        try:
            async with self._store.client() as client:
                yield client
        except (QueryTooLargeError, QuestionTooLarge) as error:
            raise ModelsTooLarge("The event store may not take so much for a report.") from error

    def _filled(self, query: str, question: JourneyQuestion) -> str:
        joined = {
            "joined_person": fill(_SQL["joined"], {"key": _SQL["person_key"]}),
            "joined_key": fill(_SQL["joined"], {"key": "person_key"}),
        }
        statement = _SQL[query]
        for fragment in _FRAGMENTS:
            statement = fill(statement, {fragment: (_SQL | joined)[fragment]})
        labels = {
            "conditions": _conditions(question.conditions),
            "touch_label": _joined([f"if({field} = '', '{UNNAMED}', {field})" for field in question.breakdown]),
            "journey_labels": _journey_labels(question.breakdown),
        }
        return fill(statement, labels | self._tables)

    def _settings(self) -> dict[str, Any]:
        return query_limits(self._store.settings, self._store.settings.journeys_seconds)


def _joined(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"concatWithSeparator(' / ', {', '.join(texts)})"


def _journey_labels(breakdown: tuple[Dimension, ...]) -> str:
    names = [f"field_{place}" for place in range(len(breakdown))]
    label = _joined([f"if({name} = '', '{UNNAMED}', {name})" for name in names])
    return f"arrayMap(({', '.join(names)}) -> {label}, {', '.join(_ARRAYS[field] for field in breakdown)})"


def _parameters(question: JourneyQuestion) -> dict[str, Any]:
    return {
        "since": moment_text(question.since),
        "until": moment_text(question.until),
        "near": moment_text(question.until + question.lookback),
        "lookback_milliseconds": question.lookback // timedelta(milliseconds=1),
        "duplicate_milliseconds": DUPLICATE_CLICK_WINDOW // timedelta(milliseconds=1),
        "conversion_types": list(question.conversion_types),
        "event_name": question.event_name,
        "lead_event": question.lead_event,
        "own_currency": question.conversion.own_currency,
    } | {_slot(place): list(condition.values) for place, condition in enumerate(question.conditions)}


def _conditions(conditions: tuple[Condition, ...]) -> str:
    return "\n".join(_condition(place, condition) for place, condition in enumerate(conditions))


def _condition(place: int, condition: Condition) -> str:
    is_exact = condition.operator in {Operator.IS, Operator.IS_NOT}
    slots = {
        "values": _slot(place),
        "field": condition.dimension.value,
        "negation": "NOT" if condition.operator in {Operator.IS_NOT, Operator.CONTAINS_NOT} else "",
    }
    return fill(_SQL["condition" if is_exact else "text_condition"], slots)


def _slot(place: int) -> str:
    return f"condition_{place}"
