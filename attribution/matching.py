"""Which touch led to a conversion, and why each of the others did not.

The rules, of mobile attribution as the field practises it, in the order in which they are applied:

1. A touch found under several of the person's keys is *one* candidate, at the strongest match that
   gives it an open window.
2. It is put aside if it was for another app, came after the conversion or before the install that was there already,
   was found only by what the person does not allow to be used, or lies outside the lookback
   window of its source, type and match. A window includes its ends. Time is measured from the conversion, also
   for an install whose store says when it began: a click between that moment and the first open is
   a sign of click injection, which the fraud rules judge, and a negative CTIT is the evidence they need.
3. Clicks of one media source and key within 10 s are one. The *latest* stands for them: it is the one
   whose click id the store hands on, and a click that turns up late in an older place can then never
   move the winner. Two clicks share a key if a match type found both. Where one of them is matched for certain and
   the other by likeness, the certain one stands.
4. Clicks beat views whatever their time; among clicks one that is matched for certain beats one by likeness; then the
   latest wins. Among certain matches the type decides only between touches of the same moment; then the one received
   first, then the lower id.

So the outcome depends on the set of touches alone, never on the order in which they are given.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from attribution import explanations
from attribution.consent import is_allowed
from schemas.policy import Policy
from schemas.results import Candidate, CandidateReason
from schemas.touchpoints import Conversion, ConversionCase, MatchType, Origin, Touchpoint, TouchType

_STRENGTH = {match_type: place for place, match_type in enumerate(MatchType)}
_NO_TIME = timedelta()


@dataclass(frozen=True, slots=True)
class _Contender:
    """A touch inside its window. `age` is from touch to conversion; `found_by` the match types that found it."""

    touch: Touchpoint
    age: timedelta
    window: timedelta
    found_by: frozenset[MatchType]


def judge(
    case: ConversionCase, policy: Policy, *, since: datetime | None = None, heritage: Origin | None = None
) -> tuple[Candidate, ...]:
    """Decide every touch of a case: the winner first (if there is one), the others newest first.

    No touch before `since` can win. The sentences name the `heritage` of a conversion that inherits its source.
    Each touch id appears once. At most one candidate has the reason `won`; none has it if no touch is left.
    Source of the rules: the module's docstring.
    """
    findings: defaultdict[str, list[Touchpoint]] = defaultdict(list)
    for touch in case.touchpoints:
        findings[touch.touch_id].append(touch)

    contenders: list[_Contender] = []
    candidates: list[Candidate] = []
    for found in findings.values():
        screened = _screen(found, case.conversion, policy, since)
        if isinstance(screened, _Contender):
            contenders.append(screened)
        else:
            candidates.append(screened)

    contenders.sort(key=_preference)
    standing, repeated = _fold_duplicates(contenders, policy.duplicate_click_window)
    candidates += _rank(standing, case.conversion, heritage)
    candidates += (
        Candidate(
            contender.touch,
            CandidateReason.DUPLICATE,
            *explanations.duplicate(contender.touch, policy.duplicate_click_window),
        )
        for contender in repeated
    )
    return _arrange(candidates)


def _screen(
    found: list[Touchpoint], conversion: Conversion, policy: Policy, since: datetime | None
) -> _Contender | Candidate:
    """Merge the findings of one touch, and put it aside if it cannot win at all."""
    findings = [(match_type, touch) for touch in found for match_type in touch.found_by]
    if len(found) > 1:
        findings.sort(key=_finding_order)
    strongest = findings[0][1]
    if strongest.app_id and conversion.app_id and strongest.app_id != conversion.app_id:
        return Candidate(strongest, CandidateReason.OTHER_APP, *explanations.other_app(strongest, conversion))
    age = conversion.conversion_time - strongest.touch_time
    if age < _NO_TIME:
        return Candidate(
            strongest, CandidateReason.AFTER_CONVERSION, *explanations.after_conversion(strongest, conversion)
        )
    if since is not None and strongest.touch_time < since:
        return Candidate(
            strongest, CandidateReason.OUTSIDE_WINDOW, *explanations.before_install(strongest, conversion, since)
        )
    if conversion.withheld or not is_allowed(strongest.consent, policy):
        findings = [finding for finding in findings if _is_allowed(finding, conversion, policy)]
        if not findings:
            return Candidate(strongest, CandidateReason.NO_CONSENT, *explanations.no_consent(strongest, conversion))
    windows = policy.windows(strongest.touch_type, strongest.media_source)
    for match_type, touch in findings:
        window = windows.get(match_type)
        if window is not None and age <= window:
            found_by = frozenset([each for each, _ in findings])
            return _Contender(_matched(touch, match_type), age, window, found_by)
    match_type, touch = max(findings, key=lambda finding: windows.get(finding[0], _NO_TIME))
    return Candidate(
        _matched(touch, match_type),
        CandidateReason.OUTSIDE_WINDOW,
        *explanations.outside_window(_matched(touch, match_type), conversion, windows.get(match_type)),
    )


def _matched(touch: Touchpoint, match_type: MatchType) -> Touchpoint:
    """Have a touch count by one of the types that found it."""
    return touch if touch.match_type is match_type else touch._replace(found_by=(match_type,))


def _is_allowed(finding: tuple[MatchType, Touchpoint], conversion: Conversion, policy: Policy) -> bool:
    match_type, touch = finding
    if match_type in conversion.withheld:
        return False
    return match_type not in policy.consent_needed_for or is_allowed(touch.consent, policy)


def _fold_duplicates(preferred: Iterable[_Contender], window: timedelta) -> tuple[list[_Contender], list[_Contender]]:
    """Part contenders, best first, into those that stand and the clicks that another stands for."""
    standing: list[_Contender] = []
    repeated: list[_Contender] = []
    certain: defaultdict[str, list[_Contender]] = defaultdict(list)
    alike: defaultdict[str, list[_Contender]] = defaultdict(list)
    for contender in preferred:
        touch = contender.touch
        if touch.touch_type is TouchType.CLICK:
            is_alike = _is_alike(touch)
            clicks = (alike if is_alike else certain)[touch.media_source]
            if (clicks and _stands_for(clicks, contender, window)) or (
                is_alike and _stands_beside(certain[touch.media_source], contender, window)
            ):
                repeated.append(contender)
                continue
            clicks.append(contender)
        standing.append(contender)
    return standing, repeated


def _stands_for(later_clicks: list[_Contender], click: _Contender, window: timedelta) -> bool:
    for later in reversed(later_clicks):
        if click.age - later.age > window:
            return False
        if not later.found_by.isdisjoint(click.found_by):
            return True
    return False


def _stands_beside(clicks: list[_Contender], click: _Contender, window: timedelta) -> bool:
    """Say whether one of the clicks, newest first, stands for a click at most `window` before or after it."""
    first = bisect_left(clicks, click.age - window, key=_age)
    last = bisect_right(clicks, click.age + window, key=_age)
    return any(not other.found_by.isdisjoint(click.found_by) for other in clicks[first:last])


def _age(contender: _Contender) -> timedelta:
    return contender.age


def _rank(standing: list[_Contender], conversion: Conversion, heritage: Origin | None) -> list[Candidate]:
    """Give the first of the standing contenders the conversion, and the others their reason."""
    if not standing:
        return []
    winner = standing[0]
    rivals = [contender.touch for contender in standing[1:]]
    explanation = explanations.won(winner.touch, conversion, winner.window, rivals, heritage)
    ranked = [Candidate(winner.touch, CandidateReason.WON, *explanation)]
    ranked += [_loser(contender, winner, conversion) for contender in standing[1:]]
    return ranked


def _loser(contender: _Contender, winner: _Contender, conversion: Conversion) -> Candidate:
    touch, window = contender.touch, contender.window
    if touch.touch_type is not winner.touch.touch_type:
        explanation = explanations.beaten_by_click(touch, conversion, window)
        return Candidate(touch, CandidateReason.LOWER_PRIORITY, *explanation)
    if _is_alike(touch) and not _is_alike(winner.touch):
        explanation = explanations.beaten_by_certainty(touch, conversion, window)
        return Candidate(touch, CandidateReason.LOWER_PRIORITY, *explanation)
    if contender.age == winner.age:
        return Candidate(touch, CandidateReason.LOWER_PRIORITY, *explanations.tied(touch, winner.touch))
    return Candidate(touch, CandidateReason.EARLIER, *explanations.earlier(touch, conversion, window))


def _is_alike(touch: Touchpoint) -> bool:
    return touch.match_type is MatchType.PROBABILISTIC


def _preference(contender: _Contender) -> tuple[object, ...]:
    touch = contender.touch
    return (
        touch.touch_type is not TouchType.CLICK,
        _is_alike(touch),
        contender.age,
        _STRENGTH[touch.match_type],
        touch.received_at,
        touch.touch_id,
    )


def _finding_order(finding: tuple[MatchType, Touchpoint]) -> tuple[int, datetime, datetime]:
    # A touch sent twice may be stored twice for a while: the times settle which of the two is read.
    match_type, touch = finding
    return _STRENGTH[match_type], touch.received_at, touch.touch_time


def _arrange(candidates: list[Candidate]) -> tuple[Candidate, ...]:
    candidates.sort(key=lambda candidate: candidate.touch.touch_id)
    candidates.sort(key=lambda candidate: candidate.touch.touch_time, reverse=True)
    candidates.sort(key=lambda candidate: candidate.reason is not CandidateReason.WON)
    return tuple(candidates)
