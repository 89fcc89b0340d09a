"""Runs history under another policy, portion after portion, and records what it would move; changes no result.

One shard of a tenant does this for all, beside the tenant's live work: it rests after each portion as long as that
took. How far it came is recorded with what it found, so a kill costs one portion.
"""

from collections.abc import Awaitable, Callable

import structlog

from actors.past_judge import PASSING, PastJudge, failure_of
from actors.signal import Signal
from attribution.recompute import Compared, compare
from schemas.policy import parse_policy
from schemas.policy_versions import PolicyVersion
from schemas.recomputes import RecomputeRecord, RecomputeState
from storage.postgres.jobs import TenantWork
from storage.postgres.policies import Policies
from storage.postgres.recomputes import Recomputes
from telemetry.backoff import Backoff
from telemetry.failpoints import reached

NameConversions = Callable[[PolicyVersion], Awaitable[None]]
"""Tells whoever takes events in which of them are conversions under a policy."""

log = structlog.get_logger()


class Recomputer:
    """The loop of one tenant's recomputations, one after the other."""

    def __init__(
        self,
        recomputes: Recomputes,
        work: TenantWork,
        policies: Policies,
        judge: PastJudge,
        name: NameConversions,
        asked: Signal,
    ) -> None:
        """Take the tenant's stores, what judges, who is told of adoptions, and the signal that one may be asked for."""
        self._recomputes = recomputes
        self._work = work
        self._policies = policies
        self._judge = judge
        self._name = name
        self._asked = asked
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
            except PASSING as error:
                log.warning("recompute_waits", error=repr(error))
                await self._backoff.wait()

    async def _carry_out(self, epoch: int, record: RecomputeRecord) -> None:
        asked = record.asked
        await self._work.begin(asked.recompute_id)
        version = await self._policies.one(asked.policy_version)
        assert version is not None
        failure = await failure_of(self._go_through(epoch, record, version), "recompute", asked.recompute_id)
        if failure is None and not asked.dry_run:
            # Before it is in force, by a moment: what is taken for no conversion in between would never be attributed.
            await self._name(version)
        await self._recomputes.finish(epoch, record, failure)
        if not asked.dry_run:
            # The attributor has something to do.
            self._asked.give()
        await self._work.end(asked.recompute_id, failure or RecomputeState.DONE)

    async def _go_through(self, epoch: int, record: RecomputeRecord, version: PolicyVersion) -> None:
        asked, progress = record.asked, record.progress
        policy = parse_policy(version.document, version.version)
        judge = self._judge.recomputed(asked.recompute_id)
        async for past in judge.portions(asked.since, asked.until, progress.at):
            decided = await judge.judge(past, policy)
            compared = [
                Compared(each.conversion_id, each.conversion_time, each.result, decided[each.conversion_id])
                for each in past
            ]
            progress, moves = compare(progress, compared)
            reached("recompute_before_record")
            await self._recomputes.record(epoch, asked.recompute_id, progress, moves)
            self._backoff.reset()
