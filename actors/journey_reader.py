"""Reads what the pool decides on: conversions with the touches of whoever converted, under every id of that person.

A touch under an id that is not the conversion's own counts as matched by `user_id`: it was found through the user.

The order of the steps is what makes late touches and taken-back links sure to be seen. A conversion's own keys are
watched before its person is looked up, and all its keys before the touches are read: whatever comes in between finds
the conversion among the watched ones and requeues it.
"""

from collections.abc import Sequence
from dataclasses import replace

from actors.case_reader import CaseReader
from actors.persons import People, Persons
from actors.signal import Signal
from actors.watched_keys import WatchedKeys
from attribution.identity import keys_of, links_of, match_key
from attribution.keys import conversion_from_event
from schemas.identity import IdentityKey
from schemas.policy import Policy
from schemas.touchpoints import Conversion, ConversionCase, MatchKey, MatchType
from storage.clickhouse.key_rows import key_hash
from storage.postgres.conversion_writer import ConversionWriter, PendingConversion
from storage.postgres.identity_edges import IdentityEdges
from telemetry.breaks import with_breaks
from tenancy.fraud_facts import FraudFactsReader


class JourneyReader:
    """Reads the cases of one tenant's conversions."""

    def __init__(
        self,
        cases: CaseReader,
        conversions: ConversionWriter,
        edges: IdentityEdges,
        fraud: FraudFactsReader,
        linked: Signal,
        watched: WatchedKeys | None = None,
    ) -> None:
        """Take the tenant's stores, the signal to give when a conversion made a new link, and where keys are noted."""
        self._cases = cases
        self._conversions = conversions
        self._edges = edges
        self._fraud = fraud
        self._linked = linked
        self._watched = watched
        self._persons = Persons(edges)

    def recomputed(self, recompute_id: str) -> "JourneyReader":
        """Make a reader to which earlier conversions came to what a recomputation says of them."""
        cases = self._cases.recomputed(recompute_id)
        return JourneyReader(cases, self._conversions, self._edges, self._fraud, self._linked, self._watched)

    async def cases(
        self, pending: Sequence[PendingConversion], policy: Policy, *, watch: bool = True
    ) -> list[ConversionCase]:
        """Make the cases of conversions, and of those that must be decided with them; see `CaseReader.cases`.

        With `watch`, record what their events link, and watch them for late touches.

        Raises:
            KeyError, ValueError: an event is none that was accepted.
            StoreAwayError: the store did not answer.
        """
        conversions = [conversion_from_event(each.event, policy) async for each in with_breaks(pending)]
        if watch:
            await self._watch([(each.conversion_id, key) for each in conversions for key in each.keys], policy)
            links = [link for each in pending for link in links_of(each.event)]
            if links and await self._edges.link(links):
                self._linked.give()
        conversions = await self._with_persons(pending, conversions, policy)
        if watch:
            await self._watch([(each.conversion_id, key) for each in conversions for key in each.person_keys], policy)
        return await self._fraud.add_facts(await self._cases.cases(conversions, policy), policy.fraud)

    async def _watch(self, keys: Sequence[tuple[str, MatchKey]], policy: Policy) -> None:
        if keys:
            await self._conversions.watch(keys, policy.settle_window)
            if self._watched:
                self._watched.add(key_hash(key) for _, key in keys)

    async def _with_persons(
        self, pending: Sequence[PendingConversion], conversions: Sequence[Conversion], policy: Policy
    ) -> list[Conversion]:
        """Give each conversion the other keys of its person, but for those that need a consent that was refused."""
        own = [keys_of(each.event) for each in pending]
        people = People()
        if any(own) and await self._edges.has_any():
            people = await self._persons.around({key for keys in own for key in keys})
        return [
            replace(conversion, person_keys=_others(people.of(keys), conversion, policy))
            async for keys, conversion in with_breaks(zip(own, conversions, strict=True))
        ]


def _others(keys: set[IdentityKey], conversion: Conversion, policy: Policy) -> tuple[MatchKey, ...]:
    refused = policy.consent_needed_for if conversion.withheld else frozenset[MatchType]()
    others = {match_key(key) for key in keys} - set(conversion.keys)
    return tuple(sorted(key for key in others if key.match_type not in refused))
