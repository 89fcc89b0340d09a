"""Every rule over one conversion: what each finds, in an order that depends on the findings alone."""

from collections.abc import Iterator

from attribution.fraud.click_rules import (
    click_flooding,
    click_injection,
    geo_mismatch,
    impossible_travel,
    install_hijacking,
    short_ctit,
)
from attribution.fraud.device_rules import (
    anomaly,
    device_farm,
    duplicate_device,
    impossible_order,
    impossible_version,
    version_backward,
)
from attribution.fraud.list_rules import declared_bots, listed
from attribution.fraud.sight import ConversionRule, Observation, Sight, TouchRule
from schemas.fraud import FraudFinding
from schemas.fraud_policy import FraudMode, FraudRule

_TOUCH_RULES: dict[FraudRule, TouchRule] = {
    FraudRule.CLICK_INJECTION: click_injection,
    FraudRule.IMPOSSIBLE_TRAVEL: impossible_travel,
    FraudRule.SHORT_CTIT: short_ctit,
    FraudRule.INSTALL_HIJACKING: install_hijacking,
    FraudRule.CLICK_FLOODING: click_flooding,
    FraudRule.GEO_MISMATCH: geo_mismatch,
}
_CONVERSION_RULES: dict[FraudRule, ConversionRule] = {
    FraudRule.IMPOSSIBLE_ORDER: impossible_order,
    FraudRule.IMPOSSIBLE_VERSION: impossible_version,
    FraudRule.VERSION_BACKWARD: version_backward,
    FraudRule.DUPLICATE_DEVICE: duplicate_device,
    FraudRule.DEVICE_FARM: device_farm,
    FraudRule.ANOMALY: anomaly,
}
_RANK = {rule: place for place, rule in enumerate(FraudRule)}


def find_fraud(sight: Sight) -> tuple[FraudFinding, ...]:
    """Run every rule that is not off; findings come by rule, those of the conversion first, then by touch id.

    A touch that is not valid (outside its window, of another app) is not judged: it has lost already.
    """
    judged = {touch.touch_id for touch in sight.touches}
    found: dict[tuple[FraudRule, str], FraudFinding] = {}
    for rule, touch_id, (explanation, evidence) in _observations(sight):
        mode = sight.policy.mode(rule)
        if mode is not FraudMode.OFF and (touch_id is None or touch_id in judged):
            found.setdefault((rule, touch_id or ""), FraudFinding(rule, mode, touch_id, explanation, evidence))
    return tuple(found[key] for key in sorted(found, key=lambda key: (_RANK[key[0]], key[1])))


def _observations(sight: Sight) -> Iterator[tuple[FraudRule, str | None, Observation]]:
    yield from listed(sight)
    if sight.policy.runs(FraudRule.DECLARED_BOT):
        yield from declared_bots(sight)
    for rule, observe_conversion in _CONVERSION_RULES.items():
        if sight.policy.runs(rule) and (observed := observe_conversion(sight)):
            yield rule, None, observed
    for rule, observe_touch in _TOUCH_RULES.items():
        if sight.policy.runs(rule):
            for touch in sight.touches:
                if observed := observe_touch(touch, sight):
                    yield rule, touch.touch_id, observed
