"""Installs in columns: with what they did and what they brought, and with what speaks of fraud."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np

from attribution.journeys import Floats, Ints
from attribution.ml.journey_table import Bools, recoded


@dataclass(frozen=True)
class InstallTable:
    """I installs with their first day, which is the 24 hours from the install, and their revenue since.

    All columns are [I]. `source`, `platform` and `country` are codes of the words, -1 where not known. `sessions`,
    `events`, `purchases` and `revenue` are those of the first day, revenue in one currency for all. `observed_days`
    says how long ago the install was when the rows were read. `revenue_to` [I, H] is the revenue from the install to
    the end of each of the H `HORIZON_DAYS`, the first day's included: of an install that is not so old it is no label.
    """

    installed_at: Floats
    sources: tuple[str, ...]
    source: Ints
    platforms: tuple[str, ...]
    platform: Ints
    countries: tuple[str, ...]
    country: Ints
    sessions: Floats
    events: Floats
    purchases: Floats
    revenue: Floats
    observed_days: Floats
    revenue_to: Floats

    def __len__(self) -> int:
        return len(self.installed_at)

    def select(self, which: Bools | Ints) -> "InstallTable":
        """Give the installs of a mask [I] or an index."""
        return _selected(self, which)


@dataclass(frozen=True)
class InstallFactTable:
    """I installs with what may tell a bought or invented one from others.

    All columns are [I]. `happened_at` is in seconds since 1970. `ctit_seconds` runs from the touch that claims the
    install, NaN if none does. `candidates` are the touches that could claim it, `clicks_last_hour` those of its clicks
    in the hour before it. `address_installs` and `address_devices` are the installs, and the devices that installed,
    behind the same address in that hour, itself included. `new_device_share` is the share of the claiming site's (or,
    without a site, source's) installs of the day on devices never seen before, NaN if none claims it. `distance_km`
    lies between the countries of the claiming click and the install, NaN where one is not known. `platform`,
    `os_version` and `app_version` are codes of the words, -1 where not known. `flagged` says where a rule already
    spoke: no feature, but what the score is compared with.
    """

    happened_at: Floats
    ctit_seconds: Floats
    candidates: Floats
    clicks_last_hour: Floats
    address_installs: Floats
    address_devices: Floats
    new_device_share: Floats
    distance_km: Floats
    platforms: tuple[str, ...]
    platform: Ints
    os_versions: tuple[str, ...]
    os_version: Ints
    app_versions: tuple[str, ...]
    app_version: Ints
    flagged: Bools

    def __len__(self) -> int:
        return len(self.happened_at)

    def select(self, which: Bools | Ints) -> "InstallFactTable":
        """Give the installs of a mask [I] or an index."""
        return _selected(self, which)


def concat_installs(tables: Sequence[InstallTable]) -> InstallTable:
    """Put tables one after the other; each vocabulary is that of all of them."""
    return _together(tables, {"sources": "source", "platforms": "platform", "countries": "country"})


def concat_facts(tables: Sequence[InstallFactTable]) -> InstallFactTable:
    """Do the same with facts."""
    return _together(tables, {"platforms": "platform", "os_versions": "os_version", "app_versions": "app_version"})


T = TypeVar("T", InstallTable, InstallFactTable)


def _selected(table: T, which: Bools | Ints) -> T:
    columns: dict[str, Any] = {each.name: getattr(table, each.name) for each in fields(table)}
    chosen = {name: each[which] for name, each in columns.items() if isinstance(each, np.ndarray)}
    return type(table)(**(columns | chosen))


def _together(tables: Sequence[T], vocabularies: dict[str, str]) -> T:
    made: dict[str, Any] = {}
    for words, codes in vocabularies.items():
        union = tuple(sorted({word for table in tables for word in getattr(table, words)}))
        made[words] = union
        made[codes] = np.concatenate([recoded(getattr(each, codes), getattr(each, words), union) for each in tables])
    for field in fields(tables[0]):
        if field.name not in made:
            made[field.name] = np.concatenate([getattr(each, field.name) for each in tables])
    return type(tables[0])(**made)
