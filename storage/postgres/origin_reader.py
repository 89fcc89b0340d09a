"""What earlier conversions of a person came to, for those that inherit from them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import orjson

from schemas.touchpoints import ConversionKind, MatchType, Origin, TouchType
from storage.postgres.connect import Database
from storage.sql import load_queries

_SQL = load_queries("storage.postgres", "conversions.sql")
_FIELDS = tuple(field.name for field in fields(Origin))
_TIMES = ("conversion_time", "install_time", "first_install_time", "attributed_touch_time")


@dataclass(frozen=True, slots=True)
class EarlierConversion:
    """An earlier conversion: its stamped event, and what it came to if that is decided, or whether it was given up."""

    event: dict[str, Any]
    origin: Origin | None
    is_given_up: bool


class OriginReader:
    """Reads the newest results of a tenant's conversions."""

    def __init__(self, database: Database, recompute_id: str | None = None) -> None:
        """Take the tenant's database, and the recomputation by whose answers to go, if by any."""
        self._database = database
        self._recompute_id = recompute_id

    def recomputed(self, recompute_id: str) -> "OriginReader":
        """Make a reader that goes by the answers of a recomputation, as far as these are others."""
        return OriginReader(self._database, recompute_id)

    async def known(self, conversion_ids: Iterable[str]) -> dict[str, EarlierConversion]:
        """Find conversions by their ids; what is none is not among them."""
        wanted = list(conversion_ids)
        if not wanted:
            return {}
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["origins"], wanted, self._recompute_id)
        return {
            row["conversion_id"]: EarlierConversion(
                orjson.loads(row["event"]),
                _origin(orjson.loads(row["result"])) if row["result"] else None,
                row["is_given_up"],
            )
            for row in rows
        }


def _origin(result: dict[str, Any]) -> Origin:
    known: dict[str, Any] = {name: result.get(name) for name in _FIELDS}
    # A result from before these fields were there is of an install that brought its own source, or of a later event.
    known["conversion_kind"] = ConversionKind(result.get("conversion_kind") or result["conversion_type"])
    known["install_id"] = result.get("install_id") or result["conversion_id"]
    known["install_time"] = result.get("install_time") or result["conversion_time"]
    known["first_install_time"] = result.get("first_install_time") or known["install_time"]
    known["site_id"] = result.get("site_id") or ""
    known |= {name: datetime.fromisoformat(known[name]) for name in _TIMES if known[name]}
    known["match_type"] = MatchType(known["match_type"]) if known["match_type"] else None
    touch_type = known["attributed_touch_type"]
    known["attributed_touch_type"] = TouchType(touch_type) if touch_type else None
    return Origin(**known)
