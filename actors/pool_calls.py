"""What the callers of the attribution pool and the pool agree on: its names, and how a call is packed.

Conversions and results travel as one bytes object: Ray's own pickler asks Python about every object in them, which
costs more than deciding the conversions.
"""

import pickle
from collections.abc import Sequence

from schemas.policy import Policy
from schemas.results import AttributionOutcome
from schemas.touchpoints import ConversionCase

POOL_APP = "attribution"
POOL_DEPLOYMENT = "AttributionPool"


def pack_cases(cases: Sequence[ConversionCase], policy: Policy) -> bytes:
    """Pack what the pool is to decide."""
    return pickle.dumps((list(cases), policy), pickle.HIGHEST_PROTOCOL)


def unpack_cases(packed: bytes) -> tuple[list[ConversionCase], Policy]:
    """Unpack what the pool is to decide."""
    cases: tuple[list[ConversionCase], Policy] = pickle.loads(packed)  # noqa: S301 - from a tenant's actor, over an authenticated call
    return cases


def pack_results(results: Sequence[AttributionOutcome]) -> bytes:
    """Pack what the pool decided."""
    return pickle.dumps(list(results), pickle.HIGHEST_PROTOCOL)


def unpack_results(packed: bytes) -> list[AttributionOutcome]:
    """Unpack what the pool decided."""
    results: list[AttributionOutcome] = pickle.loads(packed)  # noqa: S301 - from our own pool
    return results
