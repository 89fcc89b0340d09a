"""What fraud rules change of an attribution: a rejected touch loses, and the next valid one wins.

Attribution runs first as if there were no fraud: who wins then *claims* the conversion, and the verdict is on that
claim. If a rule that is on rejects a touch, attribution runs again without it. What a rule finds of the conversion
itself (one device installing again and again) rejects every touch, and leaves it organic: fraud is nobody's merit.
A rule in shadow changes nothing; that attribution without its touches would end otherwise is told beside the result.

So whatever is not found fraudulent stands exactly as it would without any rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from attribution.fraud.judge import find_fraud
from attribution.fraud.sight import Sight
from schemas.fraud import ConversionFraud, FraudFinding, FraudVerdict
from schemas.fraud_policy import FraudMode
from schemas.policy import Policy
from schemas.results import AttributionResult, Because, Candidate, CandidateReason, Ground
from schemas.touchpoints import ConversionCase

Attribute = Callable[[ConversionCase, Policy], AttributionResult]

VALID_REASONS = frozenset(
    {CandidateReason.WON, CandidateReason.EARLIER, CandidateReason.LOWER_PRIORITY, CandidateReason.DUPLICATE}
)
"""Of touches that could win if others were not there."""


def settle(case: ConversionCase, policy: Policy, attribute: Attribute) -> AttributionResult:
    """Attribute a case by `attribute`, and take out what the fraud rules that are on reject."""
    claim = attribute(case, policy)
    if case.fraud is None:
        return claim
    valid = tuple(candidate for candidate in claim.candidates if candidate.reason in VALID_REASONS)
    touches = tuple(
        sorted((candidate.touch for candidate in valid), key=lambda touch: (touch.touch_time, touch.touch_id))[::-1]
    )
    findings = find_fraud(Sight(case.conversion, case.fraud, touches, policy.fraud))
    if not findings:
        return claim
    rejecting = [finding for finding in findings if finding.mode is FraudMode.ON]
    result = _without(rejecting, valid, case, policy, attribute) if rejecting else claim
    if len(rejecting) < len(findings):
        then = _without(findings, valid, case, policy, attribute).media_source
    else:
        then = result.media_source
    verdict = _verdict(claim, findings, None if then == result.media_source else then)
    return replace(result, fraud=_standing(verdict, result))


def _without(
    findings: Sequence[FraudFinding],
    valid: Sequence[Candidate],
    case: ConversionCase,
    policy: Policy,
    attribute: Attribute,
) -> AttributionResult:
    """Attribute again without what the findings speak of, which stays in the result with its reason."""
    rejected: dict[str, Candidate] = {}
    for candidate in valid:
        touch_id = candidate.touch.touch_id
        against = next((finding for finding in findings if finding.touch_id in {None, touch_id}), None)
        if against:
            reason = CandidateReason(f"fraud:{against.rule}")
            because = Because(Ground.FRAUD, against.evidence)
            rejected[touch_id] = Candidate(candidate.touch, reason, against.explanation, because)
    remaining = tuple(touch for touch in case.touchpoints if touch.touch_id not in rejected)
    result = attribute(replace(case, touchpoints=remaining), policy)
    return replace(result, candidates=_arranged((*result.candidates, *rejected.values())))


def _verdict(
    claim: AttributionResult, findings: tuple[FraudFinding, ...], if_on_media_source: str | None
) -> ConversionFraud:
    winner = claim.attributed_touch_id
    against = [finding for finding in findings if finding.touch_id is None or finding.touch_id == winner]
    verdict = FraudVerdict.SUSPECT if against else FraudVerdict.VALID
    if any(finding.mode is FraudMode.ON for finding in against):
        verdict = FraudVerdict.REJECTED
    won = next((each.touch for each in claim.candidates if each.reason is CandidateReason.WON), None)
    return ConversionFraud(
        verdict=verdict,
        rules=tuple(dict.fromkeys(finding.rule for finding in against)),
        claimed_touch_id=winner,
        claimed_media_source=claim.media_source,
        claimed_campaign=claim.campaign,
        claimed_site_id=won.site_id if won else "",
        claimed_ctit_seconds=claim.ctit_seconds,
        if_on_media_source=if_on_media_source,
        findings=findings,
    )


def _standing(fraud: ConversionFraud, result: AttributionResult) -> ConversionFraud:
    """Add the verdict on the conversion as it stands: a touch that was rejected says nothing of who has it now."""
    owners = {None, result.attributed_touch_id}
    against = [finding for finding in fraud.findings if finding.touch_id in owners]
    verdict = FraudVerdict.SUSPECT if against else FraudVerdict.VALID
    if any(finding.touch_id is None and finding.mode is FraudMode.ON for finding in against):
        verdict = FraudVerdict.REJECTED
    return replace(
        fraud, conversion_verdict=verdict, conversion_rules=tuple(dict.fromkeys(each.rule for each in against))
    )


def _arranged(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """The winner first, the others newest first, as attribution itself arranges them."""
    ordered = sorted(candidates, key=lambda candidate: candidate.touch.touch_id)
    ordered.sort(key=lambda candidate: candidate.touch.touch_time, reverse=True)
    ordered.sort(key=lambda candidate: candidate.reason is not CandidateReason.WON)
    return tuple(ordered)
