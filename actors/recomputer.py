"""Runs history under another policy, portion after portion, and records what it would move; changes no result.

One shard of a tenant does this for all, beside the tenant's live work: it rests after each portion as long as that
took. How far it came is recorded with what it found, so a kill costs one portion.
"""

import asyncio
import time
from collections.abc import Sequence

import orjson
import structlog

from actors.attributor import Attribute, PoolAwayError
from actors.journey_reader import JourneyReader
from actors.signal import Signal
from attribution.recompute import Compared, compare
from schemas.policy import Policy, parse_policy
from schemas.recomputes import RecomputeRecord
from schemas.results import RecordedOutcome, ResultRecord
from schemas.settings import ActorSettings
from storage.clickhouse.connect import StoreAwayError
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.conversion_writer import PendingConversion
from storage.postgres.fencing import EpochSupersededError
from storage.postgres.past_conversions import PastConversion, PastConversions
from storage.postgres.policies import Policies
from storage.postgres.recomputes import Recomputes
from telemetry.backoff import Backoff
from telemetry.failpoints import reached

_ERROR_CHARS_MAX = 500

log = structlog.get_logger()


class Recomputer:
    """The loop of one tenant's recomputations, one after the other."""

    def __init__(
        self,
        recomputes: Recomputes,
        conversions: PastConversions,
        policies: Policies,
        journeys: JourneyReader,
        attribute: Attribute,
        asked: Signal,
        settings: ActorSettings,
    ) -> None:
        """Take the tenant's stores, the pool, and the signal after which one may be asked for."""
        self._recomputes = recomputes
        self._conversions = conversions
        self._policies = policies
        self._journeys = journeys
        self._attribute = attribute
        self._asked = asked
        self._settings = settings
        self._backoff = Backoff()

    async def run(self, epoch: int) -> None:
        """Carry out what was asked for, until cancelled.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over.
        """
        while True:
            given = self._asked.count
            try:
                record = await self._recomputes.begin()
                if record:
                    await self._carry_out(epoch, record)
                else:
                    await self._asked.after(given)
            except (StoreAwayError, PoolAwayError, *CONNECTION_LOST) as error:
                log.warning("recompute_waits", error=repr(error))
                await self._backoff.wait()

    async def _carry_out(self, epoch: int, record: RecomputeRecord) -> None:
        asked = record.asked
        try:
            version = await self._policies.one(asked.policy_version)
            assert version is not None
            await self._go_through(epoch, record, parse_policy(version.document, version.version))
        except (EpochSupersededError, StoreAwayError, PoolAwayError, *CONNECTION_LOST):
            raise
        except Exception as error:
            log.exception("recompute_failed", recompute_id=asked.recompute_id)
            await self._recomputes.finish(epoch, record, repr(error).replace("\0", "")[:_ERROR_CHARS_MAX])
            return
        await self._recomputes.finish(epoch, record)
        if not asked.dry_run:
            # The attributor has something to do.
            self._asked.give()
        log.info("recompute_done", recompute_id=asked.recompute_id)

    async def _go_through(self, epoch: int, record: RecomputeRecord, policy: Policy) -> None:
        progress = record.progress
        journeys = self._journeys.recomputed(record.asked.recompute_id)
        while True:
            began = time.monotonic()
            past = await self._conversions.portion(
                record.asked.since, record.asked.until, progress.at, self._settings.attribution_rows
            )
            if not past:
                return
            progress, moves = compare(progress, await self._decide(journeys, past, policy))
            reached("recompute_before_record")
            await self._recomputes.record(epoch, record.asked.recompute_id, progress, moves)
            self._backoff.reset()
            await asyncio.sleep(time.monotonic() - began)

    async def _decide(self, journeys: JourneyReader, past: Sequence[PastConversion], policy: Policy) -> list[Compared]:
        pending = [PendingConversion(each.conversion_id, each.event) for each in past]
        cases = await journeys.cases(pending, policy, watch=False)
        decided = {each.conversion_id: each for each in await self._attribute(cases, policy)}
        return [
            Compared(each.conversion_id, each.conversion_time, each.result, _stored(decided[each.conversion_id]))
            for each in past
        ]


def _stored(outcome: RecordedOutcome) -> dict[str, object] | None:
    """Give an answer as it would be stored, so that it can be compared with one that is; None if there is none."""
    if not isinstance(outcome, ResultRecord):
        return None
    stored: dict[str, object] = orjson.loads(outcome.document)
    return stored
