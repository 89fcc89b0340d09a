"""Ends a case that takes too long, so that the pool goes on with the others.

Nothing takes a running function off its thread but an exception that another thread sets for it (the C API's
`PyThreadState_SetAsyncExc`): it is raised at the next step of Python code. A step that never ends holds up the whole
process; Serve then misses its answers and starts another.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

_LOOKS = 10
"""How often a case is looked at within its time."""

Answer = TypeVar("Answer")


class CaseHungError(Exception):
    """Attribution did not end in time."""

    def __init__(self) -> None:
        """Say so: whoever has it raised on another thread cannot hand anything in."""
        super().__init__("attribution did not end in time")


@dataclass(frozen=True, slots=True)
class _Running:
    thread: int
    until: float


class CaseLimit:
    """Bounds how long each case may take on the one thread that decides them."""

    def __init__(self, seconds: float) -> None:
        """Take how long one may take, and begin to watch."""
        self._seconds = seconds
        self._running: _Running | None = None
        self._gate = threading.Lock()
        threading.Thread(target=self._watch, name="case-limit", daemon=True).start()

    def run(self, decide: Callable[[], Answer]) -> Answer:
        """Decide one case.

        Raises:
            CaseHungError: it took too long.
        """
        self._running = _Running(threading.get_ident(), time.monotonic() + self._seconds)
        try:
            return decide()
        finally:
            # From here on nobody interrupts: whoever just did has its exception raised by the time the gate is passed.
            with self._gate:
                self._running = None

    def _watch(self) -> None:
        while True:
            time.sleep(self._seconds / _LOOKS)
            with self._gate:
                running = self._running
                if running and time.monotonic() >= running.until:
                    self._running = None
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(running.thread), ctypes.py_object(CaseHungError)
                    )
