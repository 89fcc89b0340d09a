"""Which fraud rules a tenant runs, how, and past which numbers: a part of its policy, and versioned with it.

The numbers are where the field starts from, not truths: simple thresholds find nearly all planted fraud, and accuse
about one honest install for each. So a rule begins in `shadow`, where it flags and changes nothing, and a tenant turns
it on when its labels and the preview say so. `on` from the start is only what leaves nothing to judge: a click after
the install that it claims began by the store's own clock, what the tenant itself put on a list, and a user agent that
says it is a bot.
"""

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

_COUNT_MAX = 10**12
"""More than anybody counts, and within what JSON and the databases hold."""


class FraudMode(StrEnum):
    """What a rule does with what it finds: nothing is looked for, it is flagged, or it is rejected."""

    OFF = "off"
    SHADOW = "shadow"
    ON = "on"


class FraudRule(StrEnum):
    """Every rule, in the order in which the first one that rejects a touch gives its reason."""

    CLICK_INJECTION = "click_injection"
    BLOCKED_DEVICE = "blocked_device"
    BLOCKED_IP = "blocked_ip"
    BLOCKED_SITE = "blocked_site"
    BLOCKED_USER_AGENT = "blocked_user_agent"
    DECLARED_BOT = "declared_bot"
    DATA_CENTER = "data_center"
    IMPOSSIBLE_ORDER = "impossible_order"
    IMPOSSIBLE_VERSION = "impossible_version"
    VERSION_BACKWARD = "version_backward"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    DUPLICATE_DEVICE = "duplicate_device"
    DEVICE_FARM = "device_farm"
    SHORT_CTIT = "short_ctit"
    INSTALL_HIJACKING = "install_hijacking"
    CLICK_FLOODING = "click_flooding"
    GEO_MISMATCH = "geo_mismatch"
    ANOMALY = "anomaly"


class RuleChoice(BaseModel):
    """A rule without numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    mode: FraudMode = FraudMode.SHADOW


class CertainRule(RuleChoice):
    """A rule that leaves nothing to judge."""

    mode: FraudMode = FraudMode.ON


class ShortCtit(RuleChoice):
    """A click this shortly before the install began.

    10 s is what most of the field uses (AppsFlyer, Adjust): a store page cannot be opened and an app cannot be fetched
    faster by hand. Measure your own first: a fast network and a small app come close to it.
    """

    ctit_seconds_min: float = Field(10.0, gt=0, le=3_600)


class ClickFlooding(RuleChoice):
    """A site whose clicks come at random times, so that installs follow them by chance.

    Genuine installs follow their click within minutes; by chance, the time between is flat. A site is flagged if it has
    enough installs, more than a share of them later than an hour, and a distribution that is farther from that of its
    neighbours than chance and the distance allow: Kolmogorov-Smirnov over sites, Benjamini-Hochberg (1995) for the
    false discovery rate. Or if it has very many clicks that hardly ever lead to an install.
    """

    days: int = Field(30, ge=1, le=90)
    installs_min: int = Field(100, ge=10, le=_COUNT_MAX)
    late_ctit_seconds: float = Field(3_600.0, gt=0)
    late_share_max: float = Field(0.6, ge=0, le=1)
    ks_distance_max: float = Field(0.3, ge=0, le=1)
    false_discovery_rate: float = Field(0.01, gt=0, lt=1)
    clicks_min: int = Field(10_000, ge=1, le=_COUNT_MAX)
    install_rate_min: float = Field(0.0005, ge=0, le=1)


class InstallHijacking(RuleChoice):
    """A click of another source just before the install, while an earlier one had led for hours.

    30 s: malware learns of an install from the system's broadcast and clicks at once. Two hours: within one sitting,
    people do click two advertisements.
    """

    before_install_seconds: float = Field(30.0, gt=0, le=3_600)
    led_hours_min: float = Field(2.0, gt=0, le=168)


class DuplicateDevice(RuleChoice):
    """One advertising id that installs one app again and again: more than `installs_max` within `days`."""

    installs_max: int = Field(3, ge=1, le=_COUNT_MAX)
    days: int = Field(30, ge=1, le=90)


class DeviceFarm(RuleChoice):
    """Many new devices behind one address: more than `devices_max` within `minutes`.

    Carriers and universities put thousands of people behind one address: look at what it flags before it is turned on.
    """

    devices_max: int = Field(20, ge=1, le=_COUNT_MAX)
    minutes: int = Field(60, ge=1, le=1_440)


class ImpossibleOrder(RuleChoice):
    """An event before its own install; clocks of one device may differ by `tolerance_seconds`."""

    tolerance_seconds: float = Field(60.0, ge=0)


class ImpossibleTravel(RuleChoice):
    """A click in one country and the install in another, sooner than an airliner (900 km/h) gets there.

    The distance is that of the countries' centres, so neighbours and roaming telephones count against it.
    """

    km_per_hour_max: float = Field(900.0, gt=0)


class Anomaly(RuleChoice):
    """An install that scores above the threshold of the learned model, and above `score_max`.

    Off: it knows what is unusual, not what is bought. The score itself stands in every result where there is a model.
    """

    mode: FraudMode = FraudMode.OFF
    score_max: float = Field(0.0, ge=0, le=1)


class FraudPolicy(BaseModel):
    """A tenant's choices for every rule; the attributes bear the names of `FraudRule`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    click_injection: CertainRule = CertainRule()
    blocked_device: CertainRule = CertainRule()
    blocked_ip: CertainRule = CertainRule()
    blocked_site: CertainRule = CertainRule()
    blocked_user_agent: CertainRule = CertainRule()
    declared_bot: CertainRule = CertainRule()
    data_center: RuleChoice = RuleChoice()
    impossible_order: ImpossibleOrder = ImpossibleOrder()
    impossible_version: RuleChoice = RuleChoice()
    version_backward: RuleChoice = RuleChoice()
    impossible_travel: ImpossibleTravel = ImpossibleTravel()
    duplicate_device: DuplicateDevice = DuplicateDevice()
    device_farm: DeviceFarm = DeviceFarm()
    short_ctit: ShortCtit = ShortCtit()
    install_hijacking: InstallHijacking = InstallHijacking()
    click_flooding: ClickFlooding = ClickFlooding()
    geo_mismatch: RuleChoice = RuleChoice()
    anomaly: Anomaly = Anomaly()

    def mode(self, rule: FraudRule) -> FraudMode:
        """Say how a rule runs."""
        choice: RuleChoice = getattr(self, rule.value)
        return choice.mode

    def runs(self, *rules: FraudRule) -> bool:
        """Say whether any of some rules is not off."""
        return any(self.mode(rule) is not FraudMode.OFF for rule in rules)

    def document(self) -> dict[str, Any]:
        """Write it as JSON has it."""
        return self.model_dump(mode="json")


def with_modes(policy: FraudPolicy, mode: FraudMode, *, where: FraudMode | None = None) -> FraudPolicy:
    """Set the mode of every rule, or of those that have the mode `where`."""
    changed = {
        rule.value: getattr(policy, rule.value).model_copy(update={"mode": mode})
        for rule in FraudRule
        if where is None or policy.mode(rule) is where
    }
    return policy.model_copy(update=changed)
