"""Touchpoints, conversions, and what the pool is told of both.

What comes by the dozen for each conversion is a tuple, the rest has no slots: both are made and pickled several
times faster than frozen dataclasses with slots.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.fraud import FraudFacts


class TouchType(StrEnum):
    """What a touchpoint was."""

    CLICK = "click"
    IMPRESSION = "impression"


class MatchType(StrEnum):
    """How a touchpoint was tied to a conversion, strongest first."""

    CLICK_ID = "click_id"
    ADVERTISING_ID = "advertising_id"
    VENDOR_ID = "vendor_id"
    USER_ID = "user_id"
    PROBABILISTIC = "probabilistic"


class MatchKey(NamedTuple):
    """One identity under which a touch can be found, e.g. (`advertising_id`, the device's gaid)."""

    match_type: MatchType
    value: str


class Touchpoint(NamedTuple):
    """An impression or a click, as found under one match key."""

    touch_id: str
    touch_type: TouchType
    touch_time: datetime
    received_at: datetime
    match_type: MatchType
    app_id: str = ""
    media_source: str = ""
    channel: str = ""
    campaign: str = ""
    campaign_id: str = ""
    adset: str = ""
    ad: str = ""
    site_id: str = ""


@dataclass(frozen=True)
class Conversion:
    """An install, reinstall or purchase, with the identities it can be matched by."""

    conversion_id: str
    conversion_type: str
    conversion_time: datetime
    app_id: str = ""
    install_begin_time: datetime | None = None
    keys: tuple[MatchKey, ...] = ()


@dataclass(frozen=True)
class ConversionCase:
    """All that the pool needs to attribute one conversion: it reads nothing itself."""

    conversion: Conversion
    touchpoints: tuple[Touchpoint, ...]
    fraud: FraudFacts | None = None
