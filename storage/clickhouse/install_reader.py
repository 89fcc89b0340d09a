"""Finds where the people of conversions came from: earlier installs, other devices alike, and when they were active."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from schemas.ids import TenantId
from schemas.touchpoints import Conversion, MatchKey, MatchType, Touchpoint, place_in_time
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.key_rows import key_hash, rows_of, utc
from storage.names import clickhouse_tables
from storage.sql import fill, load_queries
from telemetry.breaks import with_breaks

_SQL = load_queries("storage.clickhouse", "queries.sql")

_MEMORY = timedelta(days=400)
"""Events older than this are not accepted, so no install is older for those who are attributed as they come."""

_ALIKE = timedelta(hours=24)
"""How long devices of one fingerprint are taken for each other: no probabilistic window is longer."""

_INSTALLS_PER_KEY = 100
_DEVICES_PER_KEY = 1_000
_TIMES_PER_PERSON = 500

_DEVICE_TYPES = frozenset({MatchType.ADVERTISING_ID, MatchType.VENDOR_ID})
_PERSON_TYPES = _DEVICE_TYPES | {MatchType.USER_ID}
_INSTALLS = frozenset({"install", "reinstall"})


class EarlierEvent(NamedTuple):
    """An install, or a session that a link opened, of the same person before a conversion."""

    event_id: str
    event_type: str
    event_time: datetime
    match_type: MatchType
    app_id: str

    @property
    def is_install(self) -> bool:
        """Whether it brought the app onto the device."""
        return self.event_type in _INSTALLS


class InstallReader:
    """Reads one tenant's installs by their keys."""

    def __init__(self, store: ClickHouse, tenant_id: TenantId) -> None:
        self._store = store.of(tenant_id)
        tables = clickhouse_tables(tenant_id)
        self._installs = fill(_SQL["installs"], tables)
        self._devices = fill(_SQL["devices"], tables)
        self._activity = fill(_SQL["activity"], tables)

    async def before(self, conversions: Sequence[Conversion]) -> dict[str, list[EarlierEvent]]:
        """Give, by conversion id, what its person did before in the same app, newest first.

        A device's own history comes before that of its user: whoever gets a second telephone installs anew. So an
        install has no history but its device's.

        Raises:
            StoreAwayError: the store did not answer; so the others.
        """
        hashes = {key_hash(key) for each in conversions for key in _history_keys(each)}
        if not hashes:
            return {}
        times = [conversion.conversion_time for conversion in conversions]
        since, until = min(times) - _MEMORY, max(times)
        by_key: defaultdict[MatchKey, list[EarlierEvent]] = defaultdict(list)
        rows = await rows_of(self._store, self._installs, hashes, since, until, per_key=str(_INSTALLS_PER_KEY))
        for event_id, event_type, event_time, match_type, value, app_id in rows:
            key = MatchKey(MatchType(match_type), value)
            by_key[key].append(EarlierEvent(event_id, event_type, utc(event_time), key.match_type, app_id))
        return {
            each.conversion_id: history
            async for each in with_breaks(conversions)
            if (history := _history(each, by_key))
        }

    async def devices_alike(
        self, touches: Mapping[str, Sequence[Touchpoint]], conversions: Sequence[Conversion]
    ) -> dict[str, int]:
        """Count, by conversion id, the devices alike that installed within 24 h before it, itself included.

        It asks only for conversions that have a touch by fingerprint.
        """
        asking = [
            each
            for each in conversions
            if any(MatchType.PROBABILISTIC in touch.found_by for touch in touches[each.conversion_id])
        ]
        if not asking:
            return {}
        times = [conversion.conversion_time for conversion in asking]
        hashes = {key_hash(_widest_fingerprint(each)) for each in asking}
        since, until = min(times) - _ALIKE, max(times)
        seen: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
        for value, time, person in await rows_of(
            self._store, self._devices, hashes, since, until, per_key=str(_DEVICES_PER_KEY)
        ):
            seen[value].append((utc(time), person))
        return {each.conversion_id: _count(each, seen) for each in asking}

    async def activity(self, conversions: Sequence[Conversion], since: datetime) -> dict[str, tuple[datetime, ...]]:
        """Give, by conversion id, when its person was active in its app before it, newest first, `since` a time."""
        persons = {each.conversion_id: key_hash(each.person) for each in conversions if each.person}
        if not persons:
            return {}
        until = max(conversion.conversion_time for conversion in conversions)
        times: defaultdict[tuple[int, str], list[datetime]] = defaultdict(list)
        for person, app_id, time in await rows_of(
            self._store, self._activity, set(persons.values()), since, until, per_key=str(_TIMES_PER_PERSON)
        ):
            times[person, app_id].append(utc(time))
        return {
            each.conversion_id: tuple(
                time for time in times[persons[each.conversion_id], each.app_id] if time < each.conversion_time
            )
            for each in conversions
            if each.conversion_id in persons
        }


def _history_keys(conversion: Conversion) -> list[MatchKey]:
    types = _DEVICE_TYPES if conversion.conversion_type in _INSTALLS else _PERSON_TYPES
    # An install on another device of the person is none on this one.
    others = () if conversion.conversion_type in _INSTALLS else conversion.person_keys
    own = [key for key in conversion.keys if key.match_type in types and key.match_type not in conversion.withheld]
    return [*own, *others]


def _widest_fingerprint(conversion: Conversion) -> MatchKey:
    # The last one leaves the version out: whatever version a touch told, any of these devices may have made it.
    return [key for key in conversion.keys if key.match_type is MatchType.PROBABILISTIC][-1]


def _history(conversion: Conversion, by_key: Mapping[MatchKey, list[EarlierEvent]]) -> list[EarlierEvent]:
    place = place_in_time(conversion.conversion_time, conversion.conversion_type, conversion.conversion_id)
    found = {
        (event.event_id, event.match_type is MatchType.USER_ID): event
        for key in _history_keys(conversion)
        for event in _through(key, conversion, by_key.get(key, ()))
        if event.app_id == conversion.app_id
        and place_in_time(event.event_time, event.event_type, event.event_id) < place
    }
    own = [event for event in found.values() if event.match_type in _DEVICE_TYPES]
    chosen = own if any(event.is_install for event in own) else list(found.values())
    return sorted(
        {event.event_id: event for event in chosen}.values(),
        key=lambda event: place_in_time(event.event_time, event.event_type, event.event_id),
        reverse=True,
    )


def _through(key: MatchKey, conversion: Conversion, events: Iterable[EarlierEvent]) -> Iterable[EarlierEvent]:
    """Have what was found under another identity of the person count as found by the user's id."""
    if key not in conversion.person_keys:
        return events
    return (event._replace(match_type=MatchType.USER_ID) for event in events)


def _count(conversion: Conversion, seen: Mapping[str, list[tuple[datetime, int]]]) -> int:
    at = conversion.conversion_time
    rows = seen.get(_widest_fingerprint(conversion).value, ())
    return len({person for time, person in rows if timedelta(0) <= at - time <= _ALIKE})
