"""Calls of the global plane, as openapi/global.json says: made by `make openapi`, never edited."""

from typing import Any

from unmogrow.client.caller import Caller, segment
from unmogrow.client.global_models import EventTypes


class GlobalCalls(Caller):
    """The calls of this plane."""

    async def list_event_types(self) -> EventTypes:
        """List the event types; the schema of each is at /schemas/events/{type}.json."""
        answer: EventTypes = await self._call(EventTypes, "GET", "/schemas/events")
        return answer

    async def get_event_type_schema(self, event_type: str) -> dict[str, Any]:
        """Give the JSON Schema (draft 2020-12) of an event type."""
        answer: dict[str, Any] = await self._call(dict[str, Any], "GET", f"/schemas/events/{segment(event_type)}.json")
        return answer
