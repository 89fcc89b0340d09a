"""Follows a tenant's events as they are stored, each once.

Events are followed in the order of their arrival. They are stored in about that order: shards store side by side, and
a batch that the store refused for a moment comes in after younger ones. So the tail looks back from where it is, too,
and gives what it finds there that it has not given yet.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.limits import PAGE_ROWS_MAX
from storage.clickhouse.event_reader import EventFilter, EventKey, EventReader, key_of, position_at, position_of

_LATE_SECONDS = 60
"""How much younger an event may be that was stored before it."""

_LATE_ROWS_MAX = 10_000
"""So many of the newest events are looked back over. Of more a minute nobody reads them one by one."""

_LOOKS_PER_LOOK_BACK = 4

Position = tuple[str, str]


class LiveTail:
    """What is new since the last look, from a position on."""

    def __init__(self, reader: EventReader, position: Position, chosen: EventFilter) -> None:
        self._reader = reader
        self._chosen = chosen
        self._given: dict[EventKey, None] | None = None
        self._looks = 0
        self._position = position

    async def look(self) -> list[tuple[Position, dict[str, Any]]]:
        """Give what came with the position to go on from, those that came late first; a page at most of the others.

        What is behind the position at the first look was given before, or is in the list that a page shows.

        Raises:
            StoreAwayError: the store did not answer.
        """
        late = await self._look_back() if self._looks % _LOOKS_PER_LOOK_BACK == 0 else []
        page = await self._reader.after(position=self._position, chosen=self._chosen, limit=PAGE_ROWS_MAX)
        self._looks += 1
        self._keep(map(key_of, (*late, *page)))
        # Whoever goes on from where a late one was given misses nothing of what is ahead.
        given = [(self._position, event) for event in late] + [(position_of(event), event) for event in page]
        if page:
            self._position = position_of(page[-1])
        return given

    async def _look_back(self) -> list[dict[str, Any]]:
        time = datetime.fromisoformat(self._position[0]).replace(tzinfo=UTC)
        since, _ = position_at(time - timedelta(seconds=_LATE_SECONDS))
        found = await self._reader.keys(since=since, position=self._position, chosen=self._chosen, limit=_LATE_ROWS_MAX)
        if self._given is None:
            self._given = dict.fromkeys(reversed(found))
            return []
        late = {key for key in found if key not in self._given}
        if not late:
            return []
        ids = sorted({event_id for *_, event_id in late})[:PAGE_ROWS_MAX]
        return [event for event in await self._reader.of(ids, since=since) if key_of(event) in late]

    def _keep(self, keys: Iterable[EventKey]) -> None:
        """Remember what was given, as far back as is looked."""
        if self._given is None:
            return
        self._given |= dict.fromkeys(keys)
        if len(self._given) > 2 * _LATE_ROWS_MAX:
            self._given = dict.fromkeys(list(self._given)[-_LATE_ROWS_MAX:])
