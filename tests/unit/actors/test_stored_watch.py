"""Waiting until rows are stored, by asking once for all who wait."""

import asyncio
from collections.abc import Iterator

from actors.signal import Signal
from actors.stored_watch import StoredWatch


def test_one_question_for_all_who_wait() -> None:
    """Two questions: one when they come, one when something was stored; each ends when its row is past."""

    async def wait() -> tuple[list[int], int]:
        answers: Iterator[int] = iter([5, 8])
        asked = 0
        done: list[int] = []

        async def oldest_waiting() -> int:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            return next(answers)

        async def reach(watch: StoredWatch, spool_id: int) -> None:
            await watch.reach(spool_id)
            done.append(spool_id)

        stored = Signal()
        watch = StoredWatch(oldest_waiting, stored, None)
        waiting = [asyncio.create_task(reach(watch, spool_id)) for spool_id in (7, 3, 4)]
        await asyncio.sleep(0)
        running = asyncio.create_task(watch.run())
        await asyncio.wait(waiting[1:])
        assert sorted(done) == [3, 4]
        stored.give()
        await waiting[0]
        running.cancel()
        return done, asked

    done, asked = asyncio.run(asyncio.wait_for(wait(), 5))
    assert (done[-1], asked) == (7, 2)


def test_looks_by_itself_while_somebody_waits() -> None:
    """Told, though this shard stores nothing: another one has."""

    async def wait() -> int:
        asked = 0

        async def oldest_waiting() -> int:
            nonlocal asked
            asked += 1
            return asked

        watch = StoredWatch(oldest_waiting, Signal(), 0.001)
        running = asyncio.create_task(watch.run())
        await watch.reach(3)
        running.cancel()
        return asked

    assert asyncio.run(asyncio.wait_for(wait(), 5)) >= 4
