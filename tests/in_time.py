"""Bounds on time that a busy machine does not break: what else it does makes things later, never sooner."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

from tests.stack_fixtures import eventually

ROUNDS = 3

Parameters = ParamSpec("Parameters")
Test = Callable[Parameters, Coroutine[Any, Any, None]]


class TooLateError(AssertionError):
    """Something happened, but not in time."""


def best_of_rounds(test: Test[Parameters]) -> Test[Parameters]:
    """Run a test again that was too late, a few times: what is in time once can be, what is late each time is late.

    The fixtures stay: each round makes its own of what it changes.
    """

    @functools.wraps(test)
    async def rounds(*arguments: Parameters.args, **named: Parameters.kwargs) -> None:
        for _ in range(ROUNDS - 1):
            try:
                return await test(*arguments, **named)
            except TooLateError as late:
                print(f"too late: {late}")
        return await test(*arguments, **named)

    return rounds


async def in_time(check: Callable[[], Any], *, seconds: float) -> Any:
    """Repeat a check until it gives something true, and return that.

    Raises:
        TooLateError: it did not within so many seconds.
    """
    try:
        return await eventually(check, seconds=seconds)
    except TimeoutError as error:
        raise TooLateError(f"more than {seconds} s") from error


def assert_in_time(seconds: float, most: float) -> None:
    """Hold what was measured against what it may be.

    Raises:
        TooLateError: it is more.
    """
    if seconds > most:
        raise TooLateError(f"{seconds:.2f} s, and at most {most} s")
