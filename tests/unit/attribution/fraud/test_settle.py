"""What verdicts change of an attribution, and what they leave alone."""

from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attribution.decide import attribute
from attribution.fraud.settle import settle
from schemas.fraud import FraudFacts, FraudVerdict, InstallFacts, ListHit, ListKind, TouchFacts
from schemas.fraud_policy import FraudMode, FraudPolicy, FraudRule
from schemas.policy import Policy
from schemas.results import Because, CandidateReason, Ground
from schemas.touchpoints import ConversionCase, Touchpoint
from tests.unit.attribution.cases import INSTALLED, journeys, touch, view
from tests.unit.attribution.fraud.fraud_cases import (
    HOUR,
    OFF,
    ON,
    SECOND,
    SHADOW,
    as_published,
    facts_of,
    market,
    seen,
    trace,
)

INJECTED = seen(
    touch("honest", 3 * HOUR, source="honest"),
    touch("injected", 5 * SECOND, source="injector"),
    begin=INSTALLED - 30 * SECOND,
)


def test_every_rule_has_a_reason_and_thresholds() -> None:
    """`fraud:<rule>` is a reason of a candidate, and the policy has an attribute of the rule's name."""
    assert {f"fraud:{rule}" for rule in FraudRule} <= set(CandidateReason)
    assert {rule.value for rule in FraudRule} == FraudPolicy.model_fields.keys()


def test_an_injected_click_loses_to_the_next_valid_one() -> None:
    """By the defaults, because the store's clock leaves no doubt; the result keeps the click and says why."""
    result = settle(INJECTED, Policy(), attribute)
    assert (result.media_source, result.attributed_touch_id) == ("honest", "honest")
    lost = next(each for each in result.candidates if each.touch.touch_id == "injected")
    assert lost.reason is CandidateReason.FRAUD_CLICK_INJECTION
    assert lost.explanation == "Clicked 25 s after the install had begun, by the store's clock."
    assert lost.because == Because(Ground.FRAUD, {"ctit_seconds": -25.0})
    fraud = result.fraud
    assert (fraud.verdict, fraud.rules) == (FraudVerdict.REJECTED, (FraudRule.CLICK_INJECTION,))
    assert (fraud.conversion_verdict, fraud.conversion_rules) == (FraudVerdict.VALID, ())
    assert (fraud.claimed_media_source, fraud.claimed_touch_id, fraud.claimed_ctit_seconds) == (
        "injector",
        "injected",
        -25.0,
    )


def test_a_rule_in_shadow_changes_nothing_but_tells() -> None:
    """The same winner and the same reasons as with every rule off; a suspect claim, and who would have it."""
    shadowed, plain = settle(INJECTED, SHADOW, attribute), settle(INJECTED, OFF, attribute)
    assert replace(shadowed, fraud=plain.fraud) == plain
    assert shadowed.media_source == "injector"
    assert shadowed.fraud.verdict is FraudVerdict.SUSPECT
    assert shadowed.fraud.if_on_media_source == "honest"
    assert shadowed.fraud.conversion_verdict is FraudVerdict.SUSPECT


def test_what_speaks_against_the_conversion_leaves_it_organic() -> None:
    """One advertising id that installs again and again is nobody's merit: every touch is rejected."""
    series = tuple(trace(number, number * HOUR) for number in range(4))
    case = seen(touch("a", HOUR), view("b", 2 * HOUR), facts=FraudFacts(same_advertising_id=series))
    result = settle(case, ON, attribute)
    assert result.is_organic
    assert {each.reason for each in result.candidates} == {CandidateReason.FRAUD_DUPLICATE_DEVICE}
    assert (result.fraud.verdict, result.fraud.conversion_verdict) == (FraudVerdict.REJECTED, FraudVerdict.REJECTED)


def test_a_click_that_a_rejected_one_stood_for_can_win() -> None:
    """Of two clicks of a source within 10 s, the earlier stands when the later is rejected."""
    begin = INSTALLED - 20 * SECOND
    case = seen(touch("before", 22 * SECOND), touch("after", 15 * SECOND), begin=begin)
    assert settle(case, Policy(), attribute).attributed_touch_id == "before"


def test_a_loser_that_is_flagged_leaves_the_claim_valid() -> None:
    """Its finding stays in the result; the verdict is on who claims."""
    won, old = touch("won", 40 * HOUR)._replace(country="BR"), touch("old", 60 * HOUR)._replace(country="DE")
    case = seen(won, old, facts=facts_of("BR"))
    fraud = settle(case, ON, attribute).fraud
    assert (fraud.verdict, fraud.rules) == (FraudVerdict.VALID, ())
    assert [finding.touch_id for finding in fraud.findings] == ["old"]


def test_a_list_entry_rejects_by_default_and_a_data_centre_only_flags() -> None:
    """What the tenant itself named is certain; a range that somebody published is not."""
    hits = {
        kind: (ListHit(kind, "203.0.113.0/24", "203.0.113.7", "c"),) for kind in (ListKind.IP, ListKind.DATA_CENTER)
    }
    case = seen(touch("c", HOUR))
    blocked = settle(replace(case, fraud=FraudFacts(hits=hits[ListKind.IP])), Policy(), attribute)
    flagged = settle(replace(case, fraud=FraudFacts(hits=hits[ListKind.DATA_CENTER])), Policy(), attribute)
    assert (blocked.is_organic, blocked.fraud.verdict) == (True, FraudVerdict.REJECTED)
    assert (flagged.is_organic, flagged.fraud.verdict) == (False, FraudVerdict.SUSPECT)


def test_a_declared_bot_is_rejected() -> None:
    """A click whose user agent says that it is one; and all of an install's, if its own does."""
    bot = TouchFacts(user_agent="Googlebot/2.1")
    clicked = seen(touch("c", HOUR), touch("p", 2 * HOUR), facts=FraudFacts(touches={"c": bot}))
    assert settle(clicked, Policy(), attribute).attributed_touch_id == "p"
    installed = seen(touch("c", HOUR), facts=FraudFacts(install=InstallFacts(user_agent=bot.user_agent)))
    assert settle(installed, Policy(), attribute).is_organic


def test_a_case_without_facts_is_attributed_as_ever() -> None:
    """No facts were read because no rule runs: the result is that of attribution itself."""
    bare = replace(INJECTED, fraud=None)
    assert settle(bare, ON, attribute) == attribute(bare, ON)


@st.composite
def suspicious(draw: st.DrawFn) -> ConversionCase:
    """Cases with journeys of all kinds, and facts that make some rules find something."""
    touches = draw(journeys())
    begin = draw(st.sampled_from([None, INSTALLED - 7 * SECOND, INSTALLED - HOUR]))
    ids = sorted({each.touch_id for each in touches})
    touches = [each._replace(country=draw(st.sampled_from(["", "DE", "BR"]))) for each in touches]
    blocked = draw(st.lists(st.sampled_from(ids), max_size=2, unique=True)) if ids else []
    hits = tuple(ListHit(ListKind.IP, "10.0.0.0/8", "10.0.0.1", touch_id) for touch_id in blocked)
    return seen(*touches, begin=begin, facts=FraudFacts(InstallFacts(country="BR"), hits=hits))


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any mode for each rule."""
    modes = {
        rule.value: getattr(FraudPolicy(), rule.value).model_copy(update={"mode": draw(st.sampled_from(FraudMode))})
        for rule in FraudRule
    }
    return Policy(fraud=FraudPolicy().model_copy(update=modes))


@given(suspicious(), policies())
def test_a_valid_verdict_never_changes_the_winner(case: ConversionCase, policy: Policy) -> None:
    """Valid or suspect: the same winner and credits as without any rule; rejected: never who claimed it."""
    with_rules, without = settle(case, policy, attribute), settle(case, OFF, attribute)
    if with_rules.fraud.verdict is FraudVerdict.REJECTED:
        assert with_rules.attributed_touch_id != with_rules.fraud.claimed_touch_id or with_rules.is_organic
    else:
        assert with_rules.attributed_touch_id == without.attributed_touch_id
        assert with_rules.credits == without.credits


@given(suspicious(), policies(), st.randoms(use_true_random=False))
def test_the_order_of_touches_does_not_matter(case: ConversionCase, policy: Policy, random: Random) -> None:
    """The same result, findings and all, whatever the order in which touches are given."""
    shuffled: list[Touchpoint] = list(case.touchpoints)
    random.shuffle(shuffled)
    assert settle(replace(case, touchpoints=tuple(shuffled)), policy, attribute) == settle(case, policy, attribute)


@given(suspicious(), policies())
def test_no_touch_gets_lost(case: ConversionCase, policy: Policy) -> None:
    """Each touch is a candidate once; one that lost by fraud has a finding of a rule that is on."""
    result = settle(case, policy, attribute)
    ids = [each.touch.touch_id for each in result.candidates]
    assert sorted(ids) == sorted({each.touch_id for each in case.touchpoints})
    for each in result.candidates:
        if each.reason.startswith("fraud:"):
            rule = FraudRule(each.reason.removeprefix("fraud:"))
            assert policy.fraud.mode(rule) is FraudMode.ON
            assert any(finding.rule is rule for finding in result.fraud.findings)


def test_defaults_find_planted_injections() -> None:
    """Recall of the click-time rules at least 99%, precision at least 95% on genuine times of at least 11 s."""
    planted = market(np.random.default_rng(7), 4_000, 0.1)
    flagged = [bool(settle(each.case, SHADOW, attribute).fraud.rules) for each in planted]
    injected = [each.is_injected for each in planted]
    hits = sum(flag and real for flag, real in zip(flagged, injected, strict=True))
    print(f"injected {sum(injected)}, flagged {sum(flagged)}, of them rightly {hits}")
    assert hits / sum(injected) >= 0.99
    assert hits / sum(flagged) >= 0.95


def test_short_times_accuse_the_honest_where_people_are_fast() -> None:
    """By published times of all traffic, a sixth of genuine installs is under 10 s: why the rule begins in shadow."""
    times = as_published(np.random.default_rng(9), 2_000)
    accused = [bool(settle(seen(touch("c", float(each) * SECOND)), SHADOW, attribute).fraud.rules) for each in times]
    assert 0.14 < sum(accused) / len(accused) < 0.21
    assert FraudPolicy().mode(FraudRule.SHORT_CTIT) is FraudMode.SHADOW


def test_defaults_reject_only_what_is_certain() -> None:
    """With the default modes, every install that changes hands had an injected click."""
    planted = market(np.random.default_rng(8), 4_000, 0.1)
    moved = [each for each in planted if settle(each.case, Policy(), attribute).fraud.verdict is FraudVerdict.REJECTED]
    assert len(moved) > 100
    assert all(each.is_injected for each in moved)
