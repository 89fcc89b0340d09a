"""Models of the global plane, as openapi/global.json says: made by `make openapi`, never edited."""

from __future__ import annotations

from typing import Any, Literal

from unmogrow.client.shape import Shape


class AcceptedByTenant(Shape):
    """What became of each tenant's events: as on the tenant plane, or `accepted` 0 and a problem's members."""

    tenants: dict[str, dict[str, Any]]


class Alive(Shape):
    """The process answers."""

    status: Literal["ok"]


class EventTypes(Shape):
    """Every event type."""

    event_types: list[str]


class Health(Shape):
    """Each part as it was measured just now."""

    status: Literal["ok", "degraded"]
    tenant: str | None = None
    components: dict[str, Literal["ok", "down"]]
