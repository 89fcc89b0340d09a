"""What another fraud policy would do, told from conversions that were judged by it: counts, and who gains and loses."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas.fraud import FraudVerdict
from schemas.fraud_policy import FraudMode
from schemas.results import AttributionResult

_PLACES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class MovedTouch:
    """A touch that loses its conversion: what it cost is at stake."""

    touch_id: str
    touch_time: datetime
    media_source: str


@dataclass
class FraudTally:
    """Counts of judged conversions; `moved` are those whose claim is rejected, now or if shadow rules were on."""

    judged: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    agreement: Counter[tuple[str, str]] = field(default_factory=Counter)
    rules: defaultdict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    places: defaultdict[tuple[str, str], Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    moves: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    rejected: list[MovedTouch] = field(default_factory=list)

    def add(self, stored: dict[str, Any], result: AttributionResult) -> None:
        """Count a conversion: its stored result, and what the policy would make of it."""
        fraud = result.fraud
        self.judged += 1
        self.verdicts[fraud.verdict] += 1
        self.agreement[(stored.get("fraud") or {}).get("verdict", FraudVerdict.VALID), fraud.verdict] += 1
        claimed = fraud.claimed_media_source or result.media_source
        winner = result.candidates[0].touch.site_id if result.candidates and not result.is_organic else ""
        place = self.places[claimed, fraud.claimed_site_id if fraud.findings else winner]
        place["installs"] += 1
        place[fraud.verdict] += 1
        modes = {finding.rule: finding.mode for finding in fraud.findings if finding.rule in fraud.rules}
        goes_to = {FraudMode.ON: result.media_source, FraudMode.SHADOW: fraud.if_on_media_source or result.media_source}
        for rule, mode in modes.items():
            counted = self.rules[rule, mode]
            counted["flagged"] += 1
            counted["moved"] += goes_to[mode] != claimed
        for mode in set(modes.values()):
            if goes_to[mode] != claimed:
                self.moves[mode, claimed, goes_to[mode]] += 1
        self._note_cost(result)

    def _note_cost(self, result: AttributionResult) -> None:
        fraud = result.fraud
        if fraud.verdict is FraudVerdict.REJECTED and fraud.claimed_touch_id is not None:
            time = next(
                (each.touch.touch_time for each in result.candidates if each.touch.touch_id == fraud.claimed_touch_id),
                None,
            )
            if time is not None:
                self.rejected.append(MovedTouch(fraud.claimed_touch_id, time, fraud.claimed_media_source))

    def document(self, installs: int) -> dict[str, Any]:
        """Write the counts, with estimates for all `installs` of which the judged ones are a sample."""
        scale = installs / self.judged if self.judged else 0.0
        places = sorted(self.places.items(), key=lambda each: (-_flagged(each[1]), -each[1]["installs"], each[0]))
        return {
            "installs": installs,
            "judged": self.judged,
            "is_sample": self.judged < installs,
            "verdicts": {verdict.value: self.verdicts[verdict] for verdict in FraudVerdict},
            "agreement": [
                {"now": now, "then": then, "conversions": count}
                for (now, then), count in sorted(self.agreement.items())
            ],
            "rules": [
                {
                    "rule": rule,
                    "mode": mode,
                    "flagged": counted["flagged"],
                    "moved": counted["moved"],
                    "estimated_flagged": round(counted["flagged"] * scale),
                    "estimated_moved": round(counted["moved"] * scale),
                }
                for (rule, mode), counted in sorted(self.rules.items())
            ],
            "sources": [
                {
                    "media_source": source,
                    "site_id": site_id,
                    "installs": counted["installs"],
                    "suspect": counted[FraudVerdict.SUSPECT],
                    "rejected": counted[FraudVerdict.REJECTED],
                }
                for (source, site_id), counted in places[:_PLACES_SHOWN]
            ],
            "moves": [
                {"mode": mode, "from_media_source": source, "to_media_source": target, "conversions": count}
                for (mode, source, target), count in self.moves.most_common(_PLACES_SHOWN)
            ],
        }


def _flagged(counted: Counter[str]) -> int:
    return counted[FraudVerdict.SUSPECT] + counted[FraudVerdict.REJECTED]
