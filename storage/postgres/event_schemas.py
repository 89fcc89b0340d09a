"""A tenant's own schemas in the control database, as the API reads and writes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from schemas.event_schema_problems import EventSchemasTooMany
from schemas.ids import TenantId
from schemas.limits import EVENT_SCHEMAS_PER_TENANT_MAX
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "event_schemas.sql")


@dataclass(frozen=True, slots=True)
class EventSchema:
    """One version of the schema of an event name's properties; `on_violation` is reject or flag."""

    event_name: str
    version: int
    on_violation: str
    definition: dict[str, Any]
    created_at: datetime
    created_by: str


class EventSchemas:
    """The schemas of one tenant. A version is never changed, only followed by another."""

    def __init__(self, control: Database, tenant_id: TenantId) -> None:
        self._control = control
        self._tenant_id = tenant_id

    async def newest(self) -> list[EventSchema]:
        """Read the newest version of each, by event name."""
        async with self._control.connection() as connection:
            return [_schema(row) for row in await connection.fetch(_SQL["newest"], self._tenant_id)]

    async def versions(self, event_name: str) -> list[EventSchema]:
        """Read every version for an event name, newest first."""
        async with self._control.connection() as connection:
            return [_schema(row) for row in await connection.fetch(_SQL["versions"], self._tenant_id, event_name)]

    async def add(self, event_name: str, definition: dict[str, Any], on_violation: str, user: str) -> EventSchema:
        """Enter the next version.

        Raises:
            EventSchemasTooMany: the tenant has `EVENT_SCHEMAS_PER_TENANT_MAX` of them.
        """
        async with self._control.connection() as connection:
            if await connection.fetchval(_SQL["count"], self._tenant_id, event_name) >= EVENT_SCHEMAS_PER_TENANT_MAX:
                raise EventSchemasTooMany
            row = await connection.fetchrow(
                _SQL["add"], self._tenant_id, event_name, on_violation, orjson.dumps(definition), user
            )
        return _schema(row)

    async def delete(self, event_name: str) -> bool:
        """Delete every version for an event name; False if there is none."""
        async with self._control.connection() as connection:
            done: str = await connection.execute(_SQL["delete"], self._tenant_id, event_name)
        return done != "DELETE 0"


def _schema(row: Any) -> EventSchema:
    return EventSchema(**{**row, "definition": orjson.loads(row["definition"])})
