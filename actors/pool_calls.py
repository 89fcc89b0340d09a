"""What the callers of the attribution pool and the pool agree on: its names, and how a call is packed.

Conversions and results travel as a few bytes objects: Ray's own pickler asks Python about every object in them, which
costs more than deciding the conversions. A few and not one, because packing holds its process up: between two of them,
a host commits what its tenants sent, and the pool has another tenant's turn.
"""

import pickle
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from schemas.policy import Policy
from schemas.touchpoints import ConversionCase

POOL_APP = "attribution"
POOL_DEPLOYMENT = "AttributionPool"

APART_APP = "attribution-apart"
APART_DEPLOYMENT = "AttributionApart"
"""Where a call is decided again in whose company a replica died: alone, so that it shows whether it was the cause."""

_TOGETHER = 20
"""About a millisecond of packing."""

Item = TypeVar("Item")


def portions(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Part cases or results into those that are packed together."""
    for start in range(0, len(items), _TOGETHER):
        yield items[start : start + _TOGETHER]


def pack_cases(cases: Sequence[ConversionCase]) -> bytes:
    """Pack a portion of what the pool is to decide."""
    return pickle.dumps(tuple(cases), pickle.HIGHEST_PROTOCOL)


def unpack_cases(packed: bytes) -> tuple[ConversionCase, ...]:
    """Unpack a portion of what the pool is to decide."""
    # From a tenant's host, over an authenticated call.
    cases: tuple[ConversionCase, ...] = pickle.loads(packed)  # noqa: S301
    return cases


def pack_policy(policy: Policy) -> bytes:
    """Pack by what the pool is to decide it."""
    return pickle.dumps(policy, pickle.HIGHEST_PROTOCOL)


def unpack_policy(packed: bytes) -> Policy:
    """Unpack by what the pool is to decide it."""
    policy: Policy = pickle.loads(packed)  # noqa: S301 - as above
    return policy


def pack_answers(outcomes: Sequence[object]) -> bytes:
    """Pack a portion of what the pool decided."""
    return pickle.dumps(tuple(outcomes), pickle.HIGHEST_PROTOCOL)


def unpack_answers(packed: bytes) -> Sequence[Any]:
    """Unpack a portion of what the pool decided."""
    outcomes: Sequence[Any] = pickle.loads(packed)  # noqa: S301 - from our own pool
    return outcomes
