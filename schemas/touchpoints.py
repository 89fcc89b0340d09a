"""Touchpoints, conversions, and what the pool is told of both.

What comes by the dozen for each conversion is a tuple, the rest has no slots: both are made and pickled several
times faster than frozen dataclasses with slots.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from schemas.fraud import NOTHING_KNOWN, FraudFacts, InstallFacts


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


class Consent(IntEnum):
    """What the person said to being measured, as far as an event tells."""

    REFUSED = -1
    UNKNOWN = 0
    GRANTED = 1


class ConversionKind(StrEnum):
    """What a conversion is, by the rules; its type says only what was sent."""

    INSTALL = "install"
    REINSTALL = "reinstall"
    RE_ATTRIBUTION = "re_attribution"
    RE_ENGAGEMENT = "re_engagement"
    SESSION = "session"
    PURCHASE = "purchase"
    AD_REVENUE = "ad_revenue"
    IN_APP = "in_app"


class MatchKey(NamedTuple):
    """One identity under which a touch can be found, e.g. (`advertising_id`, the device's gaid)."""

    match_type: MatchType
    value: str


class Touchpoint(NamedTuple):
    """An impression or a click, and the match types of the keys under which it was found, strongest first.

    `consent` is a `Consent`, as the touch's own event tells. What a self-attributing network reported `is_claimed`.
    """

    touch_id: str
    touch_type: TouchType
    touch_time: datetime
    received_at: datetime
    found_by: tuple[MatchType, ...]
    app_id: str = ""
    media_source: str = ""
    channel: str = ""
    campaign: str = ""
    campaign_id: str = ""
    adset: str = ""
    ad: str = ""
    site_id: str = ""
    consent: int = 0
    is_claimed: bool = False
    platform: str = ""
    country: str = ""

    @property
    def match_type(self) -> MatchType:
        """The strongest by which it was found; of a touch that was judged, the one by which it counts."""
        return self.found_by[0]


@dataclass(frozen=True)
class Conversion:
    """An event that is attributed, with the identities it can be matched by.

    `withheld` are the match types that its event would allow and the person's choice does not: of those, `keys` holds
    what is stored anyway, so that the result can tell. `person` is the identity under which its person's events are
    counted. `person_keys` are other identities of the same person: what is found under them counts as found by user id.
    `facts` are what the fraud rules read of the event.
    """

    conversion_id: str
    conversion_type: str
    conversion_time: datetime
    app_id: str = ""
    install_begin_time: datetime | None = None
    keys: tuple[MatchKey, ...] = ()
    withheld: frozenset[MatchType] = frozenset()
    person: MatchKey | None = None
    person_keys: tuple[MatchKey, ...] = ()
    facts: InstallFacts = NOTHING_KNOWN


@dataclass(frozen=True)
class Origin:
    """An earlier result of the same person in the same app: what later conversions inherit from it.

    `install_id` is the conversion to whose source they belong: itself, but for a reinstall without a touch.
    """

    conversion_id: str
    conversion_kind: ConversionKind
    conversion_time: datetime
    install_id: str
    install_time: datetime
    first_install_time: datetime
    is_organic: bool
    media_source: str
    channel: str = ""
    campaign: str = ""
    adset: str = ""
    ad: str = ""
    site_id: str = ""
    attributed_touch_id: str | None = None
    attributed_touch_type: TouchType | None = None
    attributed_touch_time: datetime | None = None
    match_type: MatchType | None = None
    match_confidence: float = 0.0


@dataclass(frozen=True)
class ConversionCase:
    """All that the pool needs to attribute one conversion: it reads nothing itself.

    `origins` are the person's earlier re-engagements and, last, install, newest first: as they were decided, or the
    ids of those that are decided in the same call. `activity` are times at which the person was active before the
    conversion, newest first; only re-engagement asks for them. `fingerprint_devices` says how many devices were seen
    with the conversion's fingerprint in the window, itself included.
    """

    conversion: Conversion
    touchpoints: tuple[Touchpoint, ...]
    origins: tuple[Origin | str, ...] = ()
    activity: tuple[datetime, ...] = ()
    fingerprint_devices: int = 1
    fraud: FraudFacts | None = None


def place_in_time(time: datetime, event_type: str, event_id: str) -> tuple[datetime, int, str]:
    """Order what one person did; in the same millisecond an install comes before what it makes possible.

    A stored time has no finer parts, so those of a time as it was sent do not count.
    """
    return time.replace(microsecond=time.microsecond // 1_000 * 1_000), _RANKS.get(event_type, len(_RANKS)), event_id


_RANKS = {"install": 0, "reinstall": 0, "session": 1}
