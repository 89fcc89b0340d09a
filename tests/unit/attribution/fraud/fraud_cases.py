"""Short ways to write what the fraud rules see, and a market of genuine and of planted installs."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from attribution.fraud.flooding import BUCKETS, SiteCounts, bucket_of
from schemas.fraud import FraudFacts, InstallFacts, InstallTrace, SiteKey
from schemas.fraud_policy import ClickFlooding, FraudMode, FraudPolicy, with_modes
from schemas.policy import Policy
from schemas.touchpoints import ConversionCase, Touchpoint
from tests.unit.attribution.cases import INSTALLED, case, touch

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

SHADOW = Policy(fraud=with_modes(FraudPolicy(), FraudMode.SHADOW))
ON = Policy(fraud=with_modes(FraudPolicy(), FraudMode.ON))
OFF = Policy(fraud=with_modes(FraudPolicy(), FraudMode.OFF))


def seen(
    *touches: Touchpoint, kind: str = "install", begin: datetime | None = None, facts: FraudFacts | None = None
) -> ConversionCase:
    """Make a case with the facts that the rules look at."""
    return replace(case(*touches, kind=kind, begin=begin), fraud=facts or FraudFacts())


def facts_of(country: str) -> FraudFacts:
    """Make facts of an install's country."""
    return FraudFacts(install=InstallFacts(country=country))


def trace(number: int, ago: timedelta, *, app_id: str = "com.demo", os: str = "", app: str = "") -> InstallTrace:
    """Make an install of device `number`, `ago` before the one at hand."""
    return InstallTrace(f"i{number}", INSTALLED - ago, app_id, number, os, app, "android")


def counts(site_id: str, ctit_seconds: NDArray[np.float64], *, clicks: int = 0, app_id: str = "com.demo") -> SiteCounts:
    """Count a site's installs as the event store does."""
    histogram = np.bincount(bucket_of(ctit_seconds), minlength=BUCKETS)
    late = int((ctit_seconds > ClickFlooding().late_ctit_seconds).sum())
    return SiteCounts(SiteKey(app_id, "net", site_id), clicks, len(ctit_seconds), late, histogram)


def genuine(random: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Draw click-to-install times of people: lognormal, a quarter of them later than an hour, at least 11 seconds."""
    return 11.0 + random.lognormal(np.log(900.0), 2.0, size)


def as_published(random: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Draw from the lognormal through "75% within an hour, 94% within a day", as a vendor published."""
    return random.lognormal(5.752, 3.611, size)


def flooded(random: np.random.Generator, size: int) -> NDArray[np.float64]:
    """Draw times between a random click and an install: flat over a day."""
    return random.uniform(0.0, 86_400.0, size)


@dataclass(frozen=True)
class Planted:
    """An install of which it is known whether its last click was injected."""

    case: ConversionCase
    is_injected: bool


def market(random: np.random.Generator, installs: int, injected_share: float) -> list[Planted]:
    """Make installs with a genuine click each; some have a second one injected seconds before they are opened.

    Half of the injected clicks are of installs whose store tells when they began, and come after it.
    """
    planted = []
    for number in range(installs):
        ctit = timedelta(seconds=float(genuine(random, 1)[0]))
        touches = [touch(f"c{number}", min(ctit, 6 * DAY), source="honest")]
        is_injected = bool(random.random() < injected_share)
        begin = INSTALLED - 40 * SECOND if number % 2 else None
        if begin and ctit < 51 * SECOND:
            begin = None
        if is_injected:
            touches.append(touch(f"x{number}", float(random.uniform(0.5, 9.5)) * SECOND, source="injector"))
        planted.append(Planted(seen(*touches, begin=begin), is_injected))
    return planted
