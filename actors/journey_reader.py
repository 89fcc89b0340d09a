"""Reads what the pool decides on: conversions with the touches of whoever converted, under every id of that person.

A touch under an id that is not the conversion's own counts as matched by `user_id`: it was found through the user.

The order of the steps is what makes late touches and taken-back links sure to be seen. A conversion's own keys are
watched before its person is looked up, and all its keys before the touches are read: whatever comes in between finds
the conversion among the watched ones and requeues it.
"""

from collections.abc import Sequence
from dataclasses import replace

from actors.persons import People, Persons
from actors.signal import Signal
from attribution.identity import keys_of, links_of, match_key
from attribution.keys import conversion_from_event
from schemas.policy import Policy
from schemas.touchpoints import Conversion, ConversionCase, MatchKey, MatchType
from storage.clickhouse.touch_reader import TouchReader
from storage.postgres.conversion_writer import ConversionWriter, PendingConversion
from storage.postgres.identity_edges import IdentityEdges


class JourneyReader:
    """Reads the cases of one tenant's conversions."""

    def __init__(
        self, touches: TouchReader, conversions: ConversionWriter, edges: IdentityEdges, linked: Signal
    ) -> None:
        """Take the tenant's stores, and the signal to give when a conversion made a new link."""
        self._touches = touches
        self._conversions = conversions
        self._edges = edges
        self._linked = linked
        self._persons = Persons(edges)

    async def cases(
        self, pending: Sequence[PendingConversion], policy: Policy, *, watch: bool = True
    ) -> list[ConversionCase]:
        """Give each conversion its touches; with `watch`, record what its event links, and watch it for late ones.

        Raises:
            KeyError, ValueError: an event is none that was accepted.
            StoreAwayError: the store did not answer.
        """
        conversions = [conversion_from_event(each.event) for each in pending]
        if watch:
            await self._watch(conversions, policy)
            links = [link for each in pending for link in links_of(each.event)]
            if links and await self._edges.link(links):
                self._linked.give()
        others = await self._other_keys(pending, conversions)
        known = [replace(each, keys=keys) for each, keys in zip(conversions, others, strict=True) if keys]
        if watch and known:
            await self._watch(known, policy)
        cases = await self._touches.cases(conversions, policy.lookback())
        if not known:
            return cases
        through_user = {
            case.conversion.conversion_id: tuple(
                touch._replace(match_type=MatchType.USER_ID) for touch in case.touchpoints
            )
            for case in await self._touches.cases(known, policy.lookback())
        }
        return [
            replace(case, touchpoints=case.touchpoints + through_user.get(case.conversion.conversion_id, ()))
            for case in cases
        ]

    async def _watch(self, conversions: Sequence[Conversion], policy: Policy) -> None:
        keys = [(each.conversion_id, key) for each in conversions for key in each.keys]
        if keys:
            await self._conversions.watch(keys, policy.settle_window)

    async def _other_keys(
        self, pending: Sequence[PendingConversion], conversions: Sequence[Conversion]
    ) -> list[tuple[MatchKey, ...]]:
        """Give for each conversion the keys of its person that are not its own."""
        own = [keys_of(each.event) for each in pending]
        people = People()
        if any(own) and await self._edges.has_any():
            people = await self._persons.around({key for keys in own for key in keys})
        return [
            tuple(sorted({match_key(key) for key in people.of(keys)} - set(conversion.keys)))
            for keys, conversion in zip(own, conversions, strict=True)
        ]
