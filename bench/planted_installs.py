"""Installs whose truth is known: what they will bring, and which of them nobody made by hand.

People differ in how much they take to the app, which nobody sees; it shows in their first day, and decides whether they
ever pay, how often, and how much. Most pay nothing. Sources differ in whom they bring. What is bought comes over half
a year, so of younger installs a part is still to come.
"""

from dataclasses import dataclass, replace

import numpy as np

from attribution.journeys import Floats, summed
from attribution.ml.install_tables import InstallFactTable, InstallTable
from attribution.ml.journey_table import Bools
from schemas.learning import HORIZON_DAYS

SOURCES = ("ad network", "organic", "search", "social")
PLATFORMS = ("android", "ios")
COUNTRIES = ("BR", "DE", "IN", "US")
OS_VERSIONS = ("Android 14", "Android 15", "iOS 18.1", "iOS 26.0", "Android 5.1")
APP_VERSIONS = ("4.1", "4.2", "1.0")

_FIRST_SECOND = 1_767_225_600.0
_DAY_SECONDS = 86_400.0
_DAYS = 300


@dataclass(frozen=True)
class PlantedInstalls:
    """The installs as they were known at the end of the days, and what each really brought by each horizon: [I, H]."""

    table: InstallTable
    brought: Floats


def planted_installs(installs: int, seed: int) -> PlantedInstalls:
    """Make installs over 300 days, of whom one in twelve ever pays."""
    random = np.random.default_rng(seed)
    source = random.choice(len(SOURCES), installs, p=[0.35, 0.25, 0.2, 0.2])
    country = random.choice(len(COUNTRIES), installs, p=[0.2, 0.25, 0.25, 0.3])
    platform = random.choice(len(PLATFORMS), installs, p=[0.6, 0.4])
    liking = random.normal(np.array([-0.6, 0.3, 0.4, -0.1])[source], 1.0)
    rich = np.array([-0.5, 0.3, -0.8, 0.5])[country] + np.array([0.0, 0.4])[platform]
    pays = random.random(installs) < 1.0 / (1.0 + np.exp(2.9 - liking - 0.5 * rich))
    bought = np.where(pays, 1 + random.poisson(np.exp(0.7 + 0.3 * liking)), 0)
    owner = np.repeat(np.arange(installs), bought)
    day = random.exponential(30.0, len(owner))
    day[random.random(len(owner)) < 0.15] = 0.5
    amount = random.lognormal(1.3 + 0.5 * rich[owner], 0.7)
    to_day = [summed(owner[day <= last], amount[day <= last], installs) for last in (1, *HORIZON_DAYS)]
    brought = np.column_stack(to_day[1:])
    ages = np.sort(random.random(installs))[::-1] * _DAYS
    untils = [day <= np.minimum(ages[owner], last) for last in HORIZON_DAYS]
    known = np.column_stack([summed(owner[until], amount[until], installs) for until in untils])
    sessions = 1.0 + random.poisson(np.exp(0.4 + 0.5 * liking)).astype(np.float64)
    table = InstallTable(
        installed_at=_FIRST_SECOND + (_DAYS - ages) * _DAY_SECONDS,
        sources=SOURCES,
        source=source,
        platforms=PLATFORMS,
        platform=platform,
        countries=COUNTRIES,
        country=country,
        sessions=sessions,
        events=random.poisson(4.0 * sessions).astype(np.float64),
        purchases=np.bincount(owner[day <= 1], minlength=installs).astype(np.float64),
        revenue=to_day[0],
        observed_days=ages,
        revenue_to=np.maximum(known, to_day[0][:, None]),
    )
    return PlantedInstalls(table, brought)


def planted_facts(installs: int, seed: int, bought_share: float) -> InstallFactTable:
    """Make installs of which a share was bought, which `flagged` says: injected clicks, and farms of devices."""
    random = np.random.default_rng(seed)
    bought = random.random(installs) < bought_share
    android = random.random(installs) < 0.6
    clicks = random.poisson(0.4, installs).astype(np.float64)
    neighbours = 1.0 + random.poisson(0.15, installs).astype(np.float64)
    organic = random.random(installs) < 0.3
    table = InstallFactTable(
        happened_at=_FIRST_SECOND + np.sort(random.random(installs)) * 30 * _DAY_SECONDS,
        ctit_seconds=np.where(organic, np.nan, random.lognormal(6.5, 1.5, installs) + 15.0),
        candidates=clicks + random.poisson(1.0, installs),
        clicks_last_hour=clicks,
        address_installs=neighbours,
        address_devices=neighbours,
        new_device_share=np.where(organic, np.nan, random.beta(12.0, 8.0, installs)),
        distance_km=np.where(organic, np.nan, np.where(random.random(installs) < 0.03, 900.0, 0.0)),
        platforms=PLATFORMS,
        platform=np.where(android, 0, 1),
        os_versions=OS_VERSIONS,
        os_version=np.where(android, random.integers(0, 2, installs), random.integers(2, 4, installs)),
        app_versions=APP_VERSIONS,
        app_version=random.integers(0, 2, installs),
        flagged=bought,
    )
    return _with_bought(table, bought, random)


def _with_bought(table: InstallFactTable, bought: Bools, random: np.random.Generator) -> InstallFactTable:
    size = len(table)
    farmed = bought & (random.random(size) < 0.5)
    injected = bought & ~farmed
    return replace(
        table,
        ctit_seconds=np.where(injected, random.uniform(1.0, 8.0, size), table.ctit_seconds),
        candidates=np.where(injected, 6.0 + random.poisson(6.0, size), table.candidates),
        clicks_last_hour=np.where(injected, 5.0 + random.poisson(5.0, size), table.clicks_last_hour),
        address_installs=np.where(farmed, 25.0 + random.poisson(20.0, size), table.address_installs),
        address_devices=np.where(farmed, 20.0 + random.poisson(20.0, size), table.address_devices),
        new_device_share=np.where(bought, random.uniform(0.97, 1.0, size), table.new_device_share),
        os_version=np.where(farmed, OS_VERSIONS.index("Android 5.1"), table.os_version),
        app_version=np.where(farmed, APP_VERSIONS.index("1.0"), table.app_version),
    )
