"""Third loop of a shard: stored conversions go to the pool with their touches, and results come back.

Conversions that something has changed since (a late touch, a link between ids, another policy) come after those that
wait for their first result, and get another revision if the answer is another.

A conversion waits until ClickHouse has all that the tenant committed before it, in whatever shard: the click that led
to an install may be another shard's. When this shard has stored something, it looks; while something still waits for
another shard, it looks again and again.

A conversion that cannot be decided, or not in time, must not hold up the others. The pool answers such a one with its
error. Where a whole portion fails (a conversion that cannot be read, a result that cannot be written, a pool that dies
or never answers), the next portion is half as large, until the conversion at fault stands alone. After a few tries it
is set apart with the reason; one that killed a process of the pool in which it was alone, after the first. A pool that
is away is nobody's fault: it is asked to decide nothing before one is blamed.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from actors.adopted_policy import AdoptedPolicy
from actors.journey_reader import JourneyReader
from actors.signal import Signal
from schemas.policy import Policy
from schemas.results import AttributionFailure, RecordedOutcome, ResultRecord
from schemas.settings import ActorSettings
from schemas.touchpoints import ConversionCase
from storage.clickhouse.connect import StoreAwayError
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.conversion_writer import ConversionWriter, PendingConversion
from storage.postgres.fencing import EpochSupersededError
from telemetry.backoff import Backoff
from telemetry.failpoints import reached

log = structlog.get_logger()

_HEIRS_SECONDS = 5.0
"""So long a conversion waits at most whose origin was decided anew by another shard."""

Attribute = Callable[[Sequence[ConversionCase], Policy], Awaitable[list[RecordedOutcome]]]


class PoolAwayError(Exception):
    """The attribution pool did not answer in time."""


class PoolKilledError(Exception):
    """Deciding these conversions killed a process of the pool that decided nothing else."""


class PortionFailedError(Exception):
    """Some conversion of a portion is at fault; it is not known which."""


class Attributor:
    """Attributes every conversion of a shard whose touches ClickHouse has."""

    def __init__(
        self,
        conversions: ConversionWriter,
        journeys: JourneyReader,
        policy: AdoptedPolicy,
        attribute: Attribute,
        stored: Signal,
        recorded: Signal,
        poll_seconds: float | None,
        settings: ActorSettings,
    ) -> None:
        """Take the shard's stores, the signals it waits for and gives, and how often to look for what others store.

        `poll_seconds` is None when there is no other shard.
        """
        self._conversions = conversions
        self._journeys = journeys
        self._policy = policy
        self._attribute = attribute
        self._stored = stored
        self._recorded = recorded
        self._poll_seconds = poll_seconds
        # Only another shard makes work for this one without saying so.
        self._heirs_seconds = None if poll_seconds is None else _HEIRS_SECONDS
        self._settings = settings
        self._portion = settings.attribution_rows
        self._backoff = Backoff()

    async def run(self, epoch: int) -> None:
        """Attribute until nothing is pending, wait for the next stored batch, and so on.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over.
        """
        while True:
            given = self._stored.count
            try:
                is_done = await self._attribute_some(epoch)
                is_polling = is_done and self._poll_seconds is not None and await self._conversions.has_pending()
            except PortionFailedError as error:
                log.warning("portion_failed", error=repr(error))
                continue
            except (StoreAwayError, PoolAwayError, *CONNECTION_LOST) as error:
                log.warning("attribution_failed", error=repr(error))
                await self._backoff.wait()
                continue
            if is_done:
                await self._stored.after(given, self._poll_seconds if is_polling else self._heirs_seconds)

    async def _attribute_some(self, epoch: int) -> bool:
        """Attribute a portion; say whether it was the last."""
        pending = await self._conversions.ready(self._portion)
        if len(pending) < self._portion:
            pending += await self._conversions.requeued(self._portion - len(pending))
        tries_max = self._settings.attribution_tries_max
        try:
            failures = await self._try(epoch, pending) if pending else []
        except PoolKilledError as error:
            # It was alone, and it was not the first process that it killed: no third one is needed to be sure.
            failures, tries_max = [(pending[0], AttributionFailure(pending[0].conversion_id, repr(error)))], 1
        if failures:
            log.warning("conversions_failed", tries=len(failures), first=failures[0][1])
            await self._conversions.fail(epoch, failures, tries_max=tries_max)
            await self._backoff.wait()
            return False
        self._backoff.reset()
        is_done = len(pending) < self._portion
        self._portion = min(2 * self._portion, self._settings.attribution_rows)
        return is_done

    async def _try(
        self, epoch: int, pending: list[PendingConversion]
    ) -> list[tuple[PendingConversion, AttributionFailure]]:
        """Decide and record; give the conversions that failed, none of which is known while others share the blame."""
        # A policy is adopted and what it moves requeued in one transaction: who saw the one must know the other.
        policy = await self._policy.get(fresh=any(each.requeue_ids for each in pending))
        try:
            cases = await self._journeys.cases(pending, policy)
            decided = {each.conversion_id: each for each in await self._attribute(cases, policy)}
            outcomes = [(each, decided[each.conversion_id]) for each in pending]
            reached("actor_before_results")
            recorded = [(each, outcome) for each, outcome in outcomes if isinstance(outcome, ResultRecord)]
            has_heirs = await self._conversions.record(epoch, recorded, _awaited(cases, decided))
            if has_heirs or any(each.requeue_ids for each in pending):
                # Those that inherit from a new origin or an answer that changed are to be attributed once more.
                self._stored.give()
            self._recorded.give()
        except (EpochSupersededError, StoreAwayError, *CONNECTION_LOST):
            raise
        except Exception as error:
            if len(pending) > 1:
                self._portion = len(pending) // 2
                raise error if isinstance(error, PoolAwayError) else PortionFailedError(repr(error)) from error
            if isinstance(error, PoolKilledError):
                raise
            await self._attribute([], policy)
            return [(pending[0], AttributionFailure(pending[0].conversion_id, repr(error)))]
        return [(each, outcome) for each, outcome in outcomes if isinstance(outcome, AttributionFailure)]


def _awaited(cases: Sequence[ConversionCase], decided: Mapping[str, RecordedOutcome]) -> list[tuple[str, str]]:
    """Find the origins that could not be decided, each with a conversion that was decided without it."""
    return [
        (origin, heir)
        for case in cases
        if isinstance(decided.get(heir := case.conversion.conversion_id), ResultRecord)
        for origin in case.origins
        if isinstance(origin, str) and not isinstance(decided.get(origin), ResultRecord)
    ]
