"""Judges conversions again, when more is known: which sites flood, who came later from the same device or address.

A flood shows over days, a series of installs when it is over: what was decided in the second of the install did not
know of them. A review counts the sites anew, judges the conversions of some days, portion after portion, as if they
came now, and has those attributed again whose verdict is another. It changes no result itself: the attributor does, as
for a late touch, and the revision says that fraud was the cause.

One shard of a tenant does this for all, beside the tenant's live work: it rests after each portion as long as that
took. How far it came is recorded with what it found, so a kill costs one portion.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from actors.adopted_policy import AdoptedPolicy
from actors.past_judge import PASSING, PastJudge, failure_of
from actors.signal import Signal
from attribution.fraud.flooding import flooding_sites
from schemas.fraud_policy import FraudRule
from schemas.policy import Policy
from schemas.settings import ActorSettings
from storage.clickhouse.fraud_reader import FraudReader
from storage.postgres.fraud_lists import FraudListStore
from storage.postgres.fraud_reviews import FraudReview, FraudReviews
from storage.postgres.jobs import TenantWork
from storage.postgres.past_conversions import PastConversion
from telemetry.backoff import Backoff
from tenancy.fraud_facts import FraudFactsReader
from tenancy.fraud_sites import count_sites

_SCHEDULE_SECONDS = 600.0
"""How often to look whether a review is due; not at once: an actor that has just started has more urgent work."""

log = structlog.get_logger()


class FraudReviewer:
    """The loop of one tenant's fraud reviews, one after the other."""

    def __init__(
        self,
        reviews: FraudReviews,
        work: TenantWork,
        lists: FraudListStore,
        reader: FraudReader,
        facts: FraudFactsReader,
        policy: AdoptedPolicy,
        judge: PastJudge,
        asked: Signal,
        now: Callable[[], datetime],
        settings: ActorSettings,
    ) -> None:
        """Take the tenant's stores, what judges, the signal after which a review may be asked for, and the clock."""
        self._reviews = reviews
        self._work = work
        self._lists = lists
        self._reader = reader
        self._facts = facts
        self._policy = policy
        self._judge = judge
        self._asked = asked
        self._now = now
        self._settings = settings
        self._backoff = Backoff()

    async def run(self, epoch: int) -> None:
        """Carry out what was asked for or is due, until cancelled.

        Raises:
            EpochSupersededError: a newer incarnation of the actor has taken over.
        """
        reach = timedelta(days=self._settings.fraud_review_days)
        every = timedelta(hours=self._settings.fraud_review_hours)
        scheduled_at = time.monotonic()
        while True:
            given = self._asked.count
            try:
                if time.monotonic() - scheduled_at >= _SCHEDULE_SECONDS:
                    await self._reviews.schedule(reach, every)
                    scheduled_at = time.monotonic()
                review = await self._reviews.begin()
                if review:
                    await self._carry_out(epoch, review)
                else:
                    await self._asked.after(given, _SCHEDULE_SECONDS)
            except PASSING as error:
                log.warning("fraud_review_waits", error=repr(error))
                await self._backoff.wait()

    async def _carry_out(self, epoch: int, review: FraudReview) -> None:
        work_id = str(review.review_id)
        await self._work.begin(work_id)
        failure = await failure_of(self._go_through(epoch, review), "fraud_review", work_id)
        await self._reviews.finish(epoch, review.review_id, failure)
        await self._work.end(work_id, failure or "done")

    async def _go_through(self, epoch: int, review: FraudReview) -> None:
        policy = await self._policy.get(fresh=True)
        review = replace(review, sites=await self._renew_sites(epoch, policy))
        await self._reviews.record(epoch, review, [])
        after = None if review.at_time is None else (review.at_time, review.at_id or "")
        async for past in self._judge.portions(review.since, review.until, after):
            changed = await self._changed(past, policy)
            review = replace(
                review,
                judged=review.judged + len(past),
                changed=review.changed + len(changed),
                at_time=past[-1].conversion_time,
                at_id=past[-1].conversion_id,
            )
            await self._reviews.record(epoch, review, changed)
            if changed:
                # The attributor has something to do.
                self._asked.give()
            self._backoff.reset()

    async def _renew_sites(self, epoch: int, policy: Policy) -> int:
        limits = policy.fraud.click_flooding
        found = {}
        if policy.fraud.runs(FraudRule.CLICK_FLOODING):
            counts = await count_sites(self._reader, limits, self._now())
            found = await asyncio.to_thread(flooding_sites, counts, limits)
        await self._lists.replace_sites(epoch, list(found.values()))
        self._facts.look_again()
        return len(found)

    async def _changed(self, past: Sequence[PastConversion], policy: Policy) -> list[str]:
        judged = await self._judge.judge(past, policy)
        return [
            each.conversion_id
            for each in past
            if (anew := judged.get(each.conversion_id)) is not None and _differs(each.result, anew)
        ]


def _differs(stored: dict[str, Any], judged: dict[str, Any]) -> bool:
    """Say whether a verdict is another; numbers of its evidence may differ without that."""
    return _verdict(stored) != _verdict(judged)


def _verdict(result: dict[str, Any]) -> tuple[str, list[str], set[tuple[str, str, str | None]]]:
    fraud = result.get("fraud") or {}
    findings = {(each["rule"], each["mode"], each["touch_id"]) for each in fraud.get("findings", ())}
    return fraud.get("verdict", "valid"), fraud.get("rules", []), findings
