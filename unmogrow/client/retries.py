"""Which answers are worth another try, and after how long.

Whoever calls says whether the same call may be carried out twice. One that may not is tried again only if it certainly
was not carried out: the connection was refused, or the platform itself said that it takes no more now. The edge's own
503 (`unavailable`) does not say that: the answer may have been lost on its way.
"""

import random

import httpx

from unmogrow.client.errors import ProblemError

_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_UNDONE = frozenset({429, 503})
_UNCERTAIN_CODES = frozenset({"", "unavailable"})
_FIRST_WAIT_SECONDS = 0.25
_WAIT_SECONDS_MAX = 15.0


def is_worth_another_try(failure: ProblemError | httpx.TransportError, *, is_repeatable: bool) -> bool:
    """Say whether a failed call may and should be made again."""
    if isinstance(failure, ProblemError):
        certainly_undone = failure.status in _UNDONE and failure.code not in _UNCERTAIN_CODES
        return failure.status in _AGAIN and (is_repeatable or certainly_undone)
    return is_repeatable or isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def wait_seconds(tries: int, failure: Exception) -> float:
    """Say how long to wait after so many failed tries: twice as long each time, never less than the platform asks for.

    The part left to chance keeps clients that failed together from coming back together.
    """
    backoff = min(_WAIT_SECONDS_MAX, _FIRST_WAIT_SECONDS * 2.0 ** (tries - 1))
    asked = failure.retry_after_seconds if isinstance(failure, ProblemError) else None
    return max(backoff * random.uniform(0.5, 1.0), asked or 0.0)  # noqa: S311 - nobody guesses at it
