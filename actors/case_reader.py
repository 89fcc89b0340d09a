"""Gathers what the pool needs to attribute conversions: their touches, and where their people came from.

Of what the fraud rules look at, it gives what stands with the touches; see `tenancy.fraud_facts` for the rest.

Every look-up is one query for a whole portion, and those that few conversions need are made only for these.

A conversion inherits from the newest install of its person and from the re-engagements since. What these came to stands
in the tenant's database, or they are decided in the same call: because they are of the same portion, or because another
shard has not come to them yet. In that last case they are decided here as well, for their heirs alone; as a decision
depends on the touches only, it comes to the same. One that was given up is passed over for the next older.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from attribution.keys import conversion_from_event
from attribution.origins import SESSION
from schemas.fraud import FraudFacts
from schemas.policy import Policy
from schemas.touchpoints import Conversion, ConversionCase, Origin, Touchpoint, TouchType, place_in_time
from storage.clickhouse.install_reader import EarlierEvent, InstallReader
from storage.clickhouse.touch_reader import Facts, TouchReader
from storage.postgres.origin_reader import EarlierConversion, OriginReader
from telemetry.breaks import with_breaks

Histories = Mapping[str, Sequence[EarlierEvent]]


class CaseReader:
    """Makes cases of one tenant's conversions."""

    def __init__(self, touches: TouchReader, installs: InstallReader, origins: OriginReader) -> None:
        self._touches = touches
        self._installs = installs
        self._origins = origins

    def recomputed(self, recompute_id: str) -> "CaseReader":
        """Make a reader to which earlier conversions came to what a recomputation says of them."""
        return CaseReader(self._touches, self._installs, self._origins.recomputed(recompute_id))

    async def cases(self, conversions: Sequence[Conversion], policy: Policy) -> list[ConversionCase]:
        """Make the cases of conversions, and of those that must be decided with them: origins before their heirs.

        Raises:
            StoreAwayError: the event store did not answer.
        """
        (touches, facts), histories = await asyncio.gather(
            self._touches.touches(conversions, policy.lookback()), self._installs.before(conversions)
        )
        conversions, origins = await self._with_origins(conversions, histories, policy)
        if missing := [each for each in conversions if each.conversion_id not in touches]:
            more_touches, more_facts = await self._touches.touches(missing, policy.lookback())
            touches |= more_touches
            facts |= more_facts
        cases = [
            _case(each, touches[each.conversion_id], origins.get(each.conversion_id, ()), facts)
            async for each in with_breaks(conversions)
        ]
        cases.sort(key=_order)
        return await self._with_activity(await self._with_devices(cases, touches), policy)

    async def _with_origins(
        self, conversions: Sequence[Conversion], histories: Histories, policy: Policy
    ) -> tuple[list[Conversion], dict[str, tuple[Origin | str, ...]]]:
        """Find what each conversion may inherit from, and add the conversions that nobody has decided yet."""
        together = {each.conversion_id: each for each in conversions}
        ids = {event.event_id for history in histories.values() for event in history} - together.keys()
        known = await self._origins.known(ids)
        origins: dict[str, tuple[Origin | str, ...]] = {}
        waiting = list(histories.items())
        while waiting:
            conversion_id, history = waiting.pop()
            found: list[Origin | str] = []
            for place, event in enumerate(history):
                earlier = known.get(event.event_id)
                if event.event_id not in together and earlier is not None and _is_undecided(earlier):
                    together[event.event_id] = conversion_from_event(earlier.event, policy)
                    waiting.append((event.event_id, history[place + 1 :]))
                found += (origin := _origin_of(event.event_id, together, known))
                if event.is_install and origin and not (earlier is not None and earlier.is_given_up):
                    break
            origins[conversion_id] = tuple(found)
        return list(together.values()), origins

    async def _with_devices(
        self, cases: list[ConversionCase], touches: Mapping[str, Sequence[Touchpoint]]
    ) -> list[ConversionCase]:
        counts = await self._installs.devices_alike(touches, [case.conversion for case in cases])
        if not counts:
            return cases
        return [replace(case, fingerprint_devices=counts.get(case.conversion.conversion_id, 1)) for case in cases]

    async def _with_activity(self, cases: list[ConversionCase], policy: Policy) -> list[ConversionCase]:
        returns = [case for case in cases if _may_be_return(case)]
        if not returns:
            return cases
        since = min(touch.touch_time for case in returns for touch in case.touchpoints) - policy.reengagement_inactivity
        times = await self._installs.activity([case.conversion for case in returns], since)
        return [replace(case, activity=times.get(case.conversion.conversion_id, ())) for case in cases]


def _is_undecided(earlier: EarlierConversion) -> bool:
    return earlier.origin is None and not earlier.is_given_up


def _origin_of(
    event_id: str, together: Mapping[str, Conversion], known: Mapping[str, EarlierConversion]
) -> list[Origin | str]:
    if event_id in together:
        return [event_id]
    earlier = known.get(event_id)
    if earlier is None:
        return []
    # One that was given up is named, so that its heirs are attributed once more should it ever be decided.
    return [event_id if earlier.origin is None else earlier.origin]


def _case(
    conversion: Conversion, touches: tuple[Touchpoint, ...], origins: tuple[Origin | str, ...], facts: Facts
) -> ConversionCase:
    known = FraudFacts(touches={touch.touch_id: facts[touch.touch_id] for touch in touches})
    return ConversionCase(conversion, touches, origins, fraud=known)


def _may_be_return(case: ConversionCase) -> bool:
    is_known = case.conversion.conversion_type == SESSION and bool(case.origins)
    return is_known and any(touch.touch_type is TouchType.CLICK for touch in case.touchpoints)


def _order(case: ConversionCase) -> tuple[datetime, int, str]:
    conversion = case.conversion
    return place_in_time(conversion.conversion_time, conversion.conversion_type, conversion.conversion_id)
