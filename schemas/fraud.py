"""What the fraud rules look at, and what they say: values that travel between the actor, the pool and the API."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from schemas.fraud_policy import FraudMode, FraudRule

Evidence = dict[str, str | int | float]
"""The numbers that a verdict rests on, by names that bear their units."""


class FraudVerdict(StrEnum):
    """What became of a claim: nothing found; flagged by rules in shadow alone; lost by a rule that is on."""

    VALID = "valid"
    SUSPECT = "suspect"
    REJECTED = "rejected"


class ListKind(StrEnum):
    """The lists that a tenant keeps."""

    IP = "ip"
    SITE = "site"
    DEVICE = "device"
    USER_AGENT = "user_agent"
    DATA_CENTER = "datacenter"


class ListHit(NamedTuple):
    """An entry of a list that a value of an event matches: of the touch `touch_id`, or (empty) of the conversion."""

    kind: ListKind
    entry: str
    value: str
    touch_id: str = ""


class TouchFacts(NamedTuple):
    """What the rules read of a touch beyond what matching does."""

    ip: str = ""
    user_agent: str = ""


class InstallTrace(NamedTuple):
    """An install as others of its device or address remember it."""

    install_id: str
    install_time: datetime
    app_id: str = ""
    device: int = 0
    os_version: str = ""
    app_version: str = ""
    platform: str = ""


@dataclass(frozen=True)
class InstallFacts:
    """What the rules read of a conversion beyond what matching does; ids are those of the device."""

    platform: str = ""
    country: str = ""
    ip: str = ""
    user_agent: str = ""
    os_version: str = ""
    app_version: str = ""
    device_ids: tuple[str, ...] = ()
    advertising_id: str = ""
    vendor_id: str = ""
    device_id: str = ""


NOTHING_KNOWN = InstallFacts()


class SiteKey(NamedTuple):
    """Where a source shows an app's advertisements."""

    app_id: str
    media_source: str
    site_id: str


@dataclass(frozen=True)
class SiteFinding:
    """Why a site floods: the sentence and its numbers."""

    site: SiteKey
    explanation: str
    evidence: Evidence


@dataclass(frozen=True)
class AnomalyScore:
    """How unlike all others an install is by a learned model, 0 to 1; 1 % of its training lies above `threshold`."""

    score: float
    threshold: float
    model_id: str


@dataclass(frozen=True)
class FraudFacts:
    """All that the rules need beyond the touches: the actor reads it, the pool reads nothing.

    `same_advertising_id` and `same_ip` are installs of that id or address around this one, itself included;
    `same_device` those that the device had before. `install_time` is that of the person's install, for conversions
    that come later. `anomaly` is the pool's own: what a learned model made of the others.
    """

    install: InstallFacts = NOTHING_KNOWN
    touches: dict[str, TouchFacts] = field(default_factory=dict)
    hits: tuple[ListHit, ...] = ()
    sites: dict[SiteKey, SiteFinding] = field(default_factory=dict)
    same_advertising_id: tuple[InstallTrace, ...] = ()
    same_ip: tuple[InstallTrace, ...] = ()
    same_device: tuple[InstallTrace, ...] = ()
    install_time: datetime | None = None
    anomaly: AnomalyScore | None = None


@dataclass(frozen=True)
class FraudFinding:
    """What a rule found: of one touch, or (`touch_id` None) of the conversion, and so of every touch that claims it."""

    rule: FraudRule
    mode: FraudMode
    touch_id: str | None
    explanation: str
    evidence: Evidence


@dataclass(frozen=True)
class ConversionFraud:
    """The verdict on a conversion's claim: on the touch that wins where no rule is on.

    `rules` are those that found something of that touch or of the conversion. `conversion_verdict` is on the conversion
    as it stands: `rejected` if it is itself fraudulent, while one that was only taken from who claimed it is as good as
    any other; `conversion_rules` are those that speak against it, or against who has it now. `claimed_*` name the touch
    that claimed it, None and empty if there is none. `if_on_media_source` is who would get the conversion if every rule
    in shadow were on, None where that is who has it now. `findings` are all, of losing touches too.
    """

    verdict: FraudVerdict = FraudVerdict.VALID
    rules: tuple[FraudRule, ...] = ()
    conversion_verdict: FraudVerdict = FraudVerdict.VALID
    conversion_rules: tuple[FraudRule, ...] = ()
    claimed_touch_id: str | None = None
    claimed_media_source: str = ""
    claimed_campaign: str = ""
    claimed_site_id: str = ""
    claimed_ctit_seconds: float | None = None
    if_on_media_source: str | None = None
    findings: tuple[FraudFinding, ...] = ()


UNQUESTIONED = ConversionFraud()
"""The verdict where no rule found anything."""
