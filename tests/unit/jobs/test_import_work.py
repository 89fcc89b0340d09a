"""An import waits for what is away."""

import asyncio
from collections.abc import Iterator

import pytest

from jobs.import_work import patiently
from schemas.problems import EventsInvalid, SpoolUnavailable, TenantOverShare


def test_what_is_away_is_waited_for() -> None:
    """A tenant over its share, a spool that is away and a lost connection are tried again, as late as they say."""
    failures: Iterator[Exception] = iter([TenantOverShare(retry_after_seconds=1), SpoolUnavailable(), OSError()])

    async def call() -> str:
        for failure in failures:
            raise failure
        return "done"

    async def timed() -> tuple[str, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        return await asyncio.wait_for(patiently(call), 20), loop.time() - began

    answer, seconds = asyncio.run(timed())
    assert answer == "done"
    assert seconds >= 1


def test_what_will_not_mend_is_raised() -> None:
    """A refusal for good is not tried again."""

    async def call() -> None:
        raise EventsInvalid

    with pytest.raises(EventsInvalid):
        asyncio.run(patiently(call))
