"""Judges past conversions once more, portion after portion, beside a tenant's live work.

It rests after each portion as long as that took, with all that was done with it: half of the time is left to live work.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import datetime
from typing import Any

import orjson
import structlog

from actors.attributor import Attribute, PoolAwayError
from actors.journey_reader import JourneyReader
from schemas.policy import Policy
from schemas.results import ResultRecord
from storage.clickhouse.connect import StoreAwayError
from storage.postgres.connect import CONNECTION_LOST
from storage.postgres.conversion_writer import PendingConversion
from storage.postgres.fencing import EpochSupersededError
from storage.postgres.past_conversions import PastConversion, PastConversions

PASSING = (StoreAwayError, PoolAwayError, *CONNECTION_LOST)
"""What keeps history from being judged for a while: later it goes on from where it was."""

_REASON_CHARS_MAX = 500

log = structlog.get_logger()


class PastJudge:
    """Goes through the conversions of one tenant."""

    def __init__(
        self, conversions: PastConversions, journeys: JourneyReader, attribute: Attribute, portion_rows: int
    ) -> None:
        """Take the tenant's conversions and their journeys, the pool, and how many are judged at once."""
        self._conversions = conversions
        self._journeys = journeys
        self._attribute = attribute
        self._portion_rows = portion_rows

    def recomputed(self, recompute_id: str) -> "PastJudge":
        """Make one for which earlier conversions have the answers of a recomputation."""
        journeys = self._journeys.recomputed(recompute_id)
        return PastJudge(self._conversions, journeys, self._attribute, self._portion_rows)

    async def portions(
        self, since: datetime, until: datetime, after: tuple[datetime, str] | None
    ) -> AsyncIterator[list[PastConversion]]:
        """Give those from one time to before another that follow a (conversion_time, conversion_id), oldest first."""
        while True:
            began = time.monotonic()
            past = await self._conversions.portion(since, until, after, self._portion_rows)
            if not past:
                return
            yield past
            after = past[-1].conversion_time, past[-1].conversion_id
            await asyncio.sleep(time.monotonic() - began)

    async def judge(self, past: Sequence[PastConversion], policy: Policy) -> dict[str, dict[str, Any] | None]:
        """Attribute conversions by a policy, as if they came now; nothing is recorded.

        Gives results by conversion id as they would be stored, to be compared with those that are; None if there is
        no result.
        """
        pending = [PendingConversion(each.conversion_id, each.event) for each in past]
        outcomes = await self._attribute(await self._journeys.cases(pending, policy, watch=False), policy)
        return {
            each.conversion_id: orjson.loads(each.document) if isinstance(each, ResultRecord) else None
            for each in outcomes
        }


async def failure_of(work: Awaitable[None], what: str, work_id: str) -> str | None:
    """Do work to its end; give the reason if it failed for one that does not pass.

    Raises:
        EpochSupersededError: a newer incarnation of the actor has taken over.
        StoreAwayError, PoolAwayError, CONNECTION_LOST: it can go on later.
    """
    try:
        await work
    except (EpochSupersededError, *PASSING):
        raise
    except Exception as error:
        log.exception("history_failed", what=what, id=work_id)
        return repr(error).replace("\0", "")[:_REASON_CHARS_MAX]
    log.info("history_done", what=what, id=work_id)
    return None
