"""Named points at which a test can have the process killed, as a power cut would, or a piece of work fail.

A crash test proves nothing if the crash comes at a random moment: the interesting moments last microseconds
(stored but not yet acknowledged, for one). So the code names them: `reached("clickhouse_after_insert")`.
A test creates the file `<dir>/clickhouse_after_insert` in the directory named by `UNMOGROW_FAILPOINTS`;
the first process that reaches the point removes the file and kills itself with SIGKILL, so that nothing is flushed,
closed or answered, and a successor passes the same point unharmed.

Of a piece of work that always fails, `refuse("pool_attribute", conversion_id)` makes one: it raises as long as the
file of the point's name holds that text. `hang` does not return as long as it does, and `die` kills the process.

The environment is read once, at import, against the rule that only a composition root reads it: points lie on the
hottest paths, and with the variable unset a call must cost one comparison.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_DIRECTORY: Final = Path(os.environ["UNMOGROW_FAILPOINTS"]) if os.environ.get("UNMOGROW_FAILPOINTS") else None


def reached(point: str) -> None:
    """Kill this process if a test armed the point; otherwise do nothing."""
    if _DIRECTORY is None:
        return
    try:
        (_DIRECTORY / point).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


class RefusedError(Exception):
    """A test has this piece of work fail."""


def refuse(point: str, subject: str) -> None:
    """Raise if a test armed the point for this subject; otherwise do nothing.

    Raises:
        RefusedError: it did.
    """
    if _is_armed(point, subject):
        raise RefusedError(subject)


def hang(point: str, subject: str) -> None:
    """Return when no test has armed the point for this subject, or has it no longer."""
    while _is_armed(point, subject):
        time.sleep(0.01)


def die(point: str, subject: str) -> None:
    """Kill this process if a test armed the point for this subject, as often as it comes here; otherwise do nothing."""
    if _is_armed(point, subject):
        os.kill(os.getpid(), signal.SIGKILL)


def _is_armed(point: str, subject: str) -> bool:
    if _DIRECTORY is None:
        return False
    with suppress(FileNotFoundError):
        return (_DIRECTORY / point).read_text(encoding="utf-8") == subject
    return False
