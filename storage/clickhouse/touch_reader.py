"""Finds the touches that may have led to conversions: ranges of a primary key, many conversions in one query."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from schemas.ids import TenantId
from schemas.limits import FINGERPRINT_TOUCHES_MAX
from schemas.touchpoints import Conversion, MatchKey, MatchType, Touchpoint, TouchType
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.key_rows import key_hash, rows_of, utc
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries

_SQL = load_queries("storage.clickhouse", "queries.sql")

_ALIKE = timedelta(hours=24)
"""No probabilistic window is longer."""

_ALIKE_PER_KEY = 1_000
"""Rows read of one fingerprint for a whole portion; far fewer make it useless for one conversion."""

_Found = Mapping[MatchKey, Sequence[Touchpoint]]


class TouchReader:
    """Reads one tenant's touches by their keys."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        tables = clickhouse_tables(tenant_id)
        self._certain = fill(_SQL["touches"], tables)
        self._alike = fill(_SQL["touches_alike"], tables)

    async def touches(
        self, conversions: Sequence[Conversion], lookback: timedelta
    ) -> dict[str, tuple[Touchpoint, ...]]:
        """Give, by conversion id, the touches under any of its and its person's keys, from `lookback` before it on.

        Those by fingerprint reach back no more than 24 h, and too many of them are none.

        Raises:
            StoreAwayError: the store did not answer.
        """
        alike = [each for each in conversions if each.keys and _is_alike(each.keys[-1])]
        by_key, by_fingerprint = await asyncio.gather(
            self._by_key(self._certain, conversions, lookback, is_alike=False),
            self._by_key(self._alike, alike, _ALIKE, is_alike=True),
        )
        return {
            each.conversion_id: (
                *_within(each, by_key, lookback),
                *(_few(_within(each, by_fingerprint, _ALIKE)) if by_fingerprint else ()),
            )
            for each in conversions
        }

    async def _by_key(
        self, query: str, conversions: Sequence[Conversion], lookback: timedelta, *, is_alike: bool
    ) -> _Found:
        keys = {key for each in conversions for key in (*each.keys, *each.person_keys)}
        hashes = {key_hash(key) for key in keys if _is_alike(key) is is_alike}
        if not hashes:
            return {}
        times = [conversion.conversion_time for conversion in conversions]
        since, until = min(times) - lookback, max(times)
        found: defaultdict[MatchKey, list[Touchpoint]] = defaultdict(list)
        for row in await rows_of(self._store, query, hashes, since, until, per_key=str(_ALIKE_PER_KEY)):
            match_type = MatchType(row[4])
            touch = Touchpoint(row[0], TouchType(row[1]), utc(row[2]), utc(row[3]), match_type, *row[6:])
            found[MatchKey(match_type, row[5])].append(touch)
        return found


def _is_alike(key: MatchKey) -> bool:
    return key.match_type is MatchType.PROBABILISTIC


def _within(conversion: Conversion, found: _Found, lookback: timedelta) -> Iterable[Touchpoint]:
    own = (touch for key in conversion.keys for touch in found.get(key, ()))
    through_user = (
        touch._replace(match_type=MatchType.USER_ID) for key in conversion.person_keys for touch in found.get(key, ())
    )
    return (
        touch
        for touch in (*own, *through_user)
        # The query's range is that of the whole batch; a result must not depend on its neighbours.
        if timedelta(0) <= conversion.conversion_time - touch.touch_time <= lookback
    )


def _few(touches: Iterable[Touchpoint]) -> Sequence[Touchpoint]:
    found = list(touches)
    return found if len({touch.touch_id for touch in found}) <= FINGERPRINT_TOUCHES_MAX else ()
