"""Reads a tenant's raw events, newest first."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from schemas.ids import TenantId
from storage.clickhouse.connect import ClickHouse, query_limits
from storage.clickhouse.literals import moment_text
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "queries.sql")
EventKey = tuple[str, str, str]
"""Type, time and id."""

_FAR_AHEAD = ("2299-01-01 00:00:00.000", "")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are meant; an empty text means any."""

    chosen_id: str = ""
    event_type: str = ""
    event_name: str = ""
    media_source: str = ""


class EventReader:
    """Reads one tenant's events."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        self._tables = clickhouse_tables(tenant_id)

    async def page(self, *, before: tuple[str, str] | None, chosen: EventFilter, limit: int) -> list[dict[str, Any]]:
        """Read events by (received_at, event_id), descending, those before a position.

        Raises:
            StoreAwayError: the store did not answer.
        """
        return await self._rows("events_before", before or _FAR_AHEAD, chosen, limit)

    async def after(self, *, position: tuple[str, str], chosen: EventFilter, limit: int) -> list[dict[str, Any]]:
        """Read events that arrived after a position (received_at, event_id), oldest first.

        Raises:
            StoreAwayError: the store did not answer.
        """
        return await self._rows("events_after", position, chosen, limit)

    async def keys(self, *, since: str, position: tuple[str, str], chosen: EventFilter, limit: int) -> list[EventKey]:
        """Read what tells events apart: of those from a time up to a position, itself included, newest first.

        Raises:
            StoreAwayError: the store did not answer.
        """
        answer = await self._ask("event_keys", _place(position, limit) | asdict(chosen) | {"since": since})
        return [key_of(orjson.loads(line)) for line in answer.splitlines()]

    async def of(self, ids: list[str], *, since: str) -> list[dict[str, Any]]:
        """Read the events with these ids that arrived from a time on, oldest first.

        Raises:
            StoreAwayError: the store did not answer.
        """
        answer = await self._ask("events_of", {"ids": ids, "since": since})
        return [_present(orjson.loads(line)) for line in answer.splitlines()]

    async def _rows(
        self, query: str, position: tuple[str, str], chosen: EventFilter, limit: int
    ) -> list[dict[str, Any]]:
        answer = await self._ask(query, _place(position, limit) | asdict(chosen))
        return [_present(orjson.loads(line)) for line in answer.splitlines()]

    async def _ask(self, query: str, parameters: dict[str, Any]) -> bytes:
        async with self._store.client() as client:
            answer: bytes = await client.raw_query(
                fill(_SQL[query], self._tables),
                parameters=parameters,
                fmt="JSONEachRow",
                settings=query_limits(self._store.settings, self._store.settings.query_seconds)
                | {"output_format_json_quote_decimals": 1},
            )
        return answer


def _place(position: tuple[str, str], limit: int) -> dict[str, Any]:
    time, event_id = position
    return {"time": time, "event_id": event_id, "limit": limit}


def _present(row: dict[str, Any]) -> dict[str, Any]:
    """Drop what the event does not have, and open what is stored as JSON text."""
    event = {name: value for name, value in row.items() if value not in ("", None)}
    for name in ("properties", "consent"):
        if name in event:
            event[name] = orjson.loads(event[name])
    return event


def key_of(event: dict[str, Any]) -> EventKey:
    """Tell what an event differs by from every other: the store folds those that have the same."""
    return event["event_type"], event["event_time"], event["event_id"]


def position_of(event: dict[str, Any]) -> tuple[str, str]:
    """Position of an event in the order of arrival: what `page` and `after` go on from."""
    return event["received_at"], event["event_id"]


def position_at(moment: datetime) -> tuple[str, str]:
    """Position just before everything that arrives from a moment (aware) on."""
    return moment_text(moment), ""
