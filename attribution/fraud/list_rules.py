"""Rules about what was named beforehand: by the tenant's lists, or by a user agent of itself."""

from collections.abc import Iterator

from attribution.fraud.sight import Observation, Sight
from schemas.fraud import FraudFacts, ListHit, ListKind
from schemas.fraud_policy import FraudRule
from schemas.user_agents import is_preview

LIST_RULES = {
    ListKind.DEVICE: FraudRule.BLOCKED_DEVICE,
    ListKind.IP: FraudRule.BLOCKED_IP,
    ListKind.SITE: FraudRule.BLOCKED_SITE,
    ListKind.USER_AGENT: FraudRule.BLOCKED_USER_AGENT,
    ListKind.DATA_CENTER: FraudRule.DATA_CENTER,
}
_SENTENCES = {
    ListKind.DEVICE: "The device {value} is on your list.",
    ListKind.IP: "The address {value} lies in {entry}, which is on your list.",
    ListKind.SITE: "The site {value} is on your list, as {entry}.",
    ListKind.USER_AGENT: "The user agent contains {entry}, which is on your list.",
    ListKind.DATA_CENTER: "The address {value} lies in {entry}, a data centre's: no telephone is there.",
}


def listed(sight: Sight) -> Iterator[tuple[FraudRule, str | None, Observation]]:
    """Tell what is on a list: the rule, the touch (None: the conversion), and what to say."""
    for hit in sight.facts.hits:
        yield LIST_RULES[hit.kind], hit.touch_id or None, _observed(hit)


def declared_bots(sight: Sight) -> Iterator[tuple[FraudRule, str | None, Observation]]:
    """Tell whose user agent says that it is a crawler or a link preview."""
    for touch_id, user_agent in _user_agents(sight.facts):
        if user_agent and is_preview(user_agent):
            said = "The user agent says that it is a bot."
            yield FraudRule.DECLARED_BOT, touch_id, (said, {"user_agent": user_agent})


def _user_agents(facts: FraudFacts) -> Iterator[tuple[str | None, str]]:
    yield None, facts.install.user_agent
    for touch_id, touch in facts.touches.items():
        yield touch_id, touch.user_agent


def _observed(hit: ListHit) -> Observation:
    said = _SENTENCES[hit.kind].format(value=hit.value, entry=hit.entry)
    return said, {"list": hit.kind.value, "entry": hit.entry, "value": hit.value}
