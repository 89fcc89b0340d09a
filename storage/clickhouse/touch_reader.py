"""Finds the touches that may have led to conversions: ranges of a primary key, many conversions in one query."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

from schemas.fraud import TouchFacts
from schemas.ids import TenantId
from schemas.limits import FINGERPRINT_TOUCHES_MAX
from schemas.touchpoints import Conversion, MatchKey, MatchType, Touchpoint, TouchType
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.key_rows import key_hash, rows_of, utc
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries
from telemetry.breaks import with_breaks

_SQL = load_queries("storage.clickhouse", "queries.sql")

_ALIKE = timedelta(hours=24)
"""No probabilistic window is longer."""

_ALIKE_PER_KEY = 1_000
"""Rows read of one fingerprint for a whole portion; far fewer make it useless for one conversion."""

_TOUCH_COLUMNS = 17
"""Those of a touch come first; the others are what the fraud rules read of it."""

_TYPES = {each.value: each for each in TouchType}

_Found = Mapping[int, Sequence[Touchpoint]]
"""Touches by the hashes of their keys; that these found them is noted for each conversion."""

Facts = dict[str, TouchFacts]
"""What the fraud rules read of touches, by their ids."""


class TouchReader:
    """Reads one tenant's touches by their keys."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        tables = clickhouse_tables(tenant_id)
        self._certain = fill(_SQL["touches"], tables)
        self._alike = fill(_SQL["touches_alike"], tables)

    async def touches(
        self, conversions: Sequence[Conversion], lookback: timedelta
    ) -> tuple[dict[str, tuple[Touchpoint, ...]], Facts]:
        """Give, by conversion id, the touches under any of its and its person's keys, from `lookback` before it on.

        What the fraud rules read of them lies in the same rows, and so comes with them.

        Those by fingerprint reach back no more than 24 h, and too many of them are none.

        Raises:
            StoreAwayError: the store did not answer.
        """
        alike = [each for each in conversions if each.keys and _is_alike(each.keys[-1])]
        facts: Facts = {}
        by_key, by_fingerprint = await asyncio.gather(
            self._by_key(self._certain, conversions, lookback, facts, is_alike=False),
            self._by_key(self._alike, alike, _ALIKE, facts, is_alike=True),
        )
        touches = {}
        async for each in with_breaks(conversions):
            certain = _within(each, by_key, lookback)
            touches[each.conversion_id] = (
                (*certain, *_few(_within(each, by_fingerprint, _ALIKE))) if by_fingerprint else tuple(certain)
            )
        return touches, facts

    async def _by_key(
        self, query: str, conversions: Sequence[Conversion], lookback: timedelta, facts: Facts, *, is_alike: bool
    ) -> _Found:
        keys = {key for each in conversions for key in (*each.keys, *each.person_keys)}
        hashes = {key_hash(key) for key in keys if _is_alike(key) is is_alike}
        if not hashes:
            return {}
        times = [conversion.conversion_time for conversion in conversions]
        since, until = min(times) - lookback, max(times)
        found: defaultdict[int, list[Touchpoint]] = defaultdict(list)
        rows = await rows_of(self._store, query, hashes, since, until, per_key=str(_ALIKE_PER_KEY))
        async for row in with_breaks(rows):
            touch = Touchpoint(row[0], _TYPES[row[1]], utc(row[2]), utc(row[3]), (), *row[5:_TOUCH_COLUMNS])
            facts[row[0]] = TouchFacts(*row[_TOUCH_COLUMNS:])
            for hashed in row[4]:
                found[hashed].append(touch)
        return found


def _is_alike(key: MatchKey) -> bool:
    return key.match_type is MatchType.PROBABILISTIC


def _within(conversion: Conversion, found: _Found, lookback: timedelta) -> Iterator[Touchpoint]:
    own = [(key.match_type, key) for key in conversion.keys]
    through_user = [(MatchType.USER_ID, key) for key in conversion.person_keys]
    touches: dict[int, tuple[Touchpoint, list[MatchType]]] = {}
    for match_type, key in (*own, *through_user):
        for touch in found.get(key_hash(key), ()):
            _, found_by = touches.setdefault(id(touch), (touch, []))
            # Keys come strongest first, and the person's, which count as the user's, last.
            if match_type not in found_by:
                found_by.append(match_type)
    for touch, found_by in touches.values():
        # The query's range is that of the whole batch; a result must not depend on its neighbours.
        if timedelta(0) <= conversion.conversion_time - touch.touch_time <= lookback:
            yield Touchpoint._make((*touch[:4], tuple(found_by), *touch[5:]))


def _few(touches: Iterable[Touchpoint]) -> Sequence[Touchpoint]:
    found = list(touches)
    return found if len({touch.touch_id for touch in found}) <= FINGERPRINT_TOUCHES_MAX else ()
