"""Finds the conversions, of any age, that bear some ids: a scan of everything but touches, taken in portions of time.

Each portion has a limit of time. One that passes it is tried again as a shorter one, and what was found so far is kept:
a search that fails goes on from where it was. Nothing keeps it beyond the process; a new one begins anew.
"""

from collections.abc import Collection
from datetime import timedelta

import structlog

from schemas.identity import IdentityKey
from schemas.limits import EVENT_AGE_DAYS_MAX, EVENT_FUTURE_HOURS_MAX
from schemas.report_problems import QuestionTooLarge
from storage.clickhouse.connect import QueryTooLargeError
from storage.clickhouse.person_aliases import PersonAliases
from telemetry.clock import utc_now

_PORTION_MOST = timedelta(days=32)
_PORTION_LEAST = timedelta(hours=1)
_MEMORY = timedelta(days=2 * EVENT_AGE_DAYS_MAX)
"""How far back conversions are looked for: twice as old as an event may be when it comes."""

log = structlog.get_logger()


class OldConversions:
    """One search at a time, from the newest conversions to the oldest."""

    def __init__(self, aliases: PersonAliases) -> None:
        self._aliases = aliases
        self._keys: frozenset[IdentityKey] = frozenset()
        self._found: set[str] = set()
        self._until = self._since = utc_now()
        self._portion = _PORTION_MOST

    async def of(self, keys: Collection[IdentityKey]) -> set[str]:
        """Give the ids of all events that bear any of these ids and may be conversions.

        Asked again for the same after an error, it goes on.

        Raises:
            StoreAwayError: the store did not answer, or not even for the shortest portion in time.
        """
        if self._keys != frozenset(keys) or self._until <= self._since:
            self._begin(frozenset(keys))
        while self._until > self._since:
            since = max(self._since, self._until - self._portion)
            try:
                self._found |= await self._aliases.conversions_of(keys, since, self._until)
            except (QueryTooLargeError, QuestionTooLarge) as error:
                if self._portion <= _PORTION_LEAST:
                    raise
                self._portion = max(_PORTION_LEAST, self._portion / 4)
                log.warning("old_conversions_slow", error=repr(error), next_hours=self._portion / timedelta(hours=1))
                continue
            self._until = since
            self._portion = min(_PORTION_MOST, self._portion * 2)
        return self._found

    def _begin(self, keys: frozenset[IdentityKey]) -> None:
        now = utc_now()
        self._keys, self._found = keys, set()
        self._until, self._since = now + timedelta(hours=EVENT_FUTURE_HOURS_MAX), now - _MEMORY
