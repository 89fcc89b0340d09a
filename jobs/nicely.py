"""Work in the background of live events: on a thread that lets every other process go first."""

import asyncio
import os
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

_NICENESS = 10

Result = TypeVar("Result")


def run_nicely(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a Ray task's work to its end."""
    # Niceness is a thread's own and cannot be taken back: Ray uses the process again.
    with ThreadPoolExecutor(1, initializer=os.nice, initargs=(_NICENESS,)) as thread:
        return thread.submit(asyncio.run, work).result()
