"""Installs from the lake's rows, as columns: what each brought, and what may tell a bought one from others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.fraud.geography import distance_km
from attribution.journeys import Floats, Ints
from attribution.ml.install_tables import InstallFactTable, InstallTable, concat_facts, concat_installs
from jobs.learning_columns import Hashes, group_starts
from schemas.learning import HORIZON_DAYS

DAY_SECONDS, HOUR_SECONDS = 86_400.0, 3_600.0
_SECONDS_BITS = 36


class Takings:
    """What installs [I] brought since: added up while events come, in any order.

    `person` [I] is in order, each once; `installed_at` [I] in seconds since 1970.
    """

    def __init__(self, person: Hashes, installed_at: Floats) -> None:
        self._person = person
        self._installed_at = installed_at
        self.sessions, self.events, self.purchases, self.revenue = (np.zeros(len(person)) for _ in range(4))
        self.revenue_to = np.zeros((len(person), len(HORIZON_DAYS)))

    def add(self, person: Hashes, time: Floats, *, is_session: Any, is_purchase: Any, revenue: Floats) -> None:
        """Take events [E] of these persons."""
        if not len(self._person):
            return
        places = np.minimum(np.searchsorted(self._person, person), len(self._person) - 1)
        age = time - self._installed_at[places]
        since = (self._person[places] == person) & (age >= 0)
        place, age, size = places[since], age[since], len(self._person)
        paid = revenue[since]
        first_day = age < DAY_SECONDS
        self.sessions += _summed(place, is_session[since] & first_day, size)
        self.events += _summed(place, first_day, size)
        self.purchases += _summed(place, is_purchase[since] & first_day, size)
        self.revenue += _summed(place, paid * first_day, size)
        for horizon, days in enumerate(HORIZON_DAYS):
            self.revenue_to[:, horizon] += _summed(place, paid * (age < days * DAY_SECONDS), size)


@dataclass(frozen=True)
class InstallClaims:
    """Installs [I] as they were attributed; `touch` claims one (0: none does), `site` names who showed it."""

    install: Hashes
    person: Hashes
    time: Floats
    ctit_seconds: Floats
    candidates: Floats
    clicks_last_hour: Floats
    touch: Hashes
    site: Hashes
    country: Ints
    platform: Ints
    flagged: Any


@dataclass(frozen=True)
class InstallOrigins:
    """What the events of installs [I] say, place by place with `InstallClaims`: address (0: none), versions (-1)."""

    address: Hashes
    os_version: Ints
    app_version: Ints
    click_country: Ints


def install_facts(
    claims: InstallClaims,
    origins: InstallOrigins,
    countries: tuple[str, ...],
    platforms: tuple[str, ...],
    os_versions: tuple[str, ...],
    app_versions: tuple[str, ...],
) -> InstallFactTable:
    """Put the facts of installs together."""
    address_installs, address_devices = behind_addresses(origins.address, claims.person, claims.time)
    return InstallFactTable(
        happened_at=claims.time,
        ctit_seconds=claims.ctit_seconds,
        candidates=claims.candidates,
        clicks_last_hour=claims.clicks_last_hour,
        address_installs=address_installs,
        address_devices=address_devices,
        new_device_share=new_device_shares(claims),
        distance_km=_distances(origins.click_country, claims.country, countries),
        platforms=platforms,
        platform=claims.platform,
        os_versions=os_versions,
        os_version=origins.os_version,
        app_versions=app_versions,
        app_version=origins.app_version,
        flagged=claims.flagged,
    )


def behind_addresses(address: Hashes, person: Hashes, time: Floats) -> tuple[Floats, Floats]:
    """Count installs, and devices that installed, behind each one's address in the hour before it, itself included.

    A device that installed twice within an hour counts once; of installs without an address each is alone.
    """
    installs, devices = np.ones(len(address)), np.ones(len(address))
    known = np.flatnonzero(address)
    order = known[np.lexsort((person[known], time[known], address[known]))]
    if not len(order):
        return installs, devices
    starts = group_starts(address[order])
    group = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    # One number for address and second, in the order of the rows.
    moments = (group << _SECONDS_BITS) + time[order].astype(np.int64)
    places = np.arange(len(order))
    first = np.searchsorted(moments, moments - int(HOUR_SECONDS), side="left")
    first = np.maximum(first, np.repeat(starts[:-1], np.diff(starts)))
    installs[order] = places - first + 1
    by_device = np.lexsort((time[order], person[order], group))
    again = np.zeros(len(order), np.bool_)
    before, after = by_device[:-1], by_device[1:]
    same = (group[before] == group[after]) & (person[order][before] == person[order][after])
    again[after] = same & (time[order][after] - time[order][before] <= HOUR_SECONDS)
    counted = np.concatenate(([0], np.cumsum(~again)))
    devices[order] = np.maximum(counted[places + 1] - counted[first], 1)
    return installs, devices


def new_device_shares(claims: InstallClaims) -> Floats:
    """Give the share of each one's site's installs of the day that are their device's first; NaN if none claims it."""
    order = np.lexsort((claims.time, claims.person))
    is_new = np.zeros(len(order), np.bool_)
    is_new[order[group_starts(claims.person[order])[:-1]]] = True
    days = (claims.time // DAY_SECONDS).astype(np.int64)
    by_site = np.lexsort((days, claims.site))
    starts = group_starts(claims.site[by_site], days[by_site])
    sizes = np.diff(starts)
    group = np.repeat(np.arange(len(sizes)), sizes)
    shares = np.full(len(order), np.nan)
    if len(order):
        shares[by_site] = (_summed(group, is_new[by_site], len(sizes)) / sizes)[group]
    shares[claims.touch == 0] = np.nan
    return shares


def installs_together(tables: Sequence[InstallTable]) -> InstallTable:
    """Put installs of several tenants one after the other, in the order of time."""
    together = concat_installs(tables)
    return together.select(np.argsort(together.installed_at, kind="stable"))


def facts_together(tables: Sequence[InstallFactTable]) -> InstallFactTable:
    """Do the same with facts."""
    together = concat_facts(tables)
    return together.select(np.argsort(together.happened_at, kind="stable"))


def _distances(one: Ints, other: Ints, countries: tuple[str, ...]) -> Floats:
    pairs, places = np.unique(np.column_stack([one, other]), axis=0, return_inverse=True)
    known = [
        distance_km(countries[first], countries[second]) if first >= 0 and second >= 0 else None
        for first, second in pairs.tolist()
    ]
    return np.array([np.nan if km is None else km for km in known], np.float64)[places.reshape(-1)]


def _summed(places: Ints, values: Any, size: int) -> Floats:
    return np.bincount(places, values, size).astype(np.float64)
