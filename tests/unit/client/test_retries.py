"""Which calls are made again, and when."""

import httpx
import pytest

from unmogrow.client.errors import ProblemError, problem_of
from unmogrow.client.retries import is_worth_another_try, wait_seconds


def problem(status: int, code: str = "x", **headers: str) -> ProblemError:
    return problem_of(httpx.Response(status, json={"code": code}, headers=headers))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_repeatable_calls_are_made_again(status: int) -> None:
    """What may be carried out twice is tried again after every failure that passes."""
    assert is_worth_another_try(problem(status), is_repeatable=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
def test_refusals_are_final(status: int) -> None:
    """What was refused for what it is stays refused."""
    assert not is_worth_another_try(problem(status), is_repeatable=True)


@pytest.mark.parametrize(
    ("failure", "again"),
    [
        (problem(429, "rate-exceeded"), True),
        (problem(503, "spool-unavailable"), True),
        (problem(503, "unavailable"), False),
        (problem(503, ""), False),
        (problem(500), False),
        (httpx.ConnectError("refused"), True),
        (httpx.ReadError("broke off"), False),
    ],
    ids=str,
)
def test_what_may_happen_once_is_made_again_only_if_it_did_not(
    failure: ProblemError | httpx.TransportError, *, again: bool
) -> None:
    """Only where the platform says that it did nothing, or was not reached."""
    assert is_worth_another_try(failure, is_repeatable=False) is again


def test_waits_grow_and_end() -> None:
    """Twice as long each time, at least half of that, never more than 15 seconds."""
    waits = [wait_seconds(tries, problem(503)) for tries in range(1, 40)]
    for tries, wait in enumerate(waits):
        whole = min(15.0, 0.25 * 2**tries)
        assert whole / 2 <= wait <= whole


def test_what_the_platform_asks_for_is_honoured() -> None:
    """Retry-After is the least wait."""
    assert wait_seconds(1, problem(429, **{"Retry-After": "7"})) == 7.0
