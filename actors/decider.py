"""Decides the cases of one call by the rules, portion after portion: between two of them others have their turn."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import structlog

from actors.case_limit import CaseLimit
from attribution.decide import attribute
from attribution.fraud.settle import settle
from attribution.origins import origin_of
from attribution.result_records import result_record
from schemas.policy import Policy
from schemas.results import AttributionFailure, AttributionOutcome, AttributionResult, RecordedOutcome
from schemas.touchpoints import ConversionCase, Origin
from telemetry.failpoints import die, hang, refuse

log = structlog.get_logger()


class Decider:
    """Attributes each case; one that cannot be decided, or not in time, is a failure of its own and holds up no other.

    Cases stand after those from which they inherit.
    """

    def __init__(self, policy: Policy, limit: CaseLimit | None = None) -> None:
        """Take by what the cases of the call are decided, and what bounds the time of each."""
        self._decided = _Decided()
        self._policy = policy
        self._limit = limit

    def decide(self, cases: Sequence[ConversionCase]) -> list[AttributionOutcome]:
        """Decide the next ones, in their order."""
        return [self._outcome(case) for case in cases]

    def _outcome(self, case: ConversionCase) -> AttributionOutcome:
        conversion_id = case.conversion.conversion_id
        try:
            decide_it = partial(_decided, case, self._policy, self._decided)
            result = self._limit.run(decide_it) if self._limit else decide_it()
        except Exception as error:
            log.exception("case_failed", conversion_id=conversion_id)
            return AttributionFailure(conversion_id, repr(error))
        self._decided.results[conversion_id] = result
        return result


class _Decided(Mapping[str, Origin]):
    """What later cases inherit from earlier ones of the call, made of their results when one asks: few ever do."""

    def __init__(self) -> None:
        self.results: dict[str, AttributionResult] = {}

    def __getitem__(self, conversion_id: str) -> Origin:
        return origin_of(self.results[conversion_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)


def recorded(outcomes: Sequence[AttributionOutcome]) -> list[RecordedOutcome]:
    """Write results as they are recorded."""
    return [result_record(each) if isinstance(each, AttributionResult) else each for each in outcomes]


def _decided(case: ConversionCase, policy: Policy, decided: Mapping[str, Origin]) -> AttributionResult:
    conversion_id = case.conversion.conversion_id
    refuse("pool_attribute", conversion_id)
    hang("pool_attribute_hangs", conversion_id)
    die("pool_attribute_dies", conversion_id)
    return settle(case, policy, partial(attribute, decided=decided))
