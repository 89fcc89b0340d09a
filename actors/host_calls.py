"""What the callers of a host and the host agree on: how batches for its tenants, and the answers, are packed.

They travel as one bytes object, as to the pool (`actors.pool_calls`).
"""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.batches import AppendReceipt, EventBatch
from schemas.ids import TenantId
from schemas.problem import Problem
from schemas.shards import Shard


@dataclass(frozen=True, slots=True)
class Consignment:
    """A batch for one shard of a tenant."""

    tenant_id: TenantId
    shard: Shard
    batch: EventBatch


@dataclass(frozen=True, slots=True)
class Ticket:
    """By which to ask later for the answer to a consignment that takes longer than the others of its call."""

    number: str


Answer = AppendReceipt | Problem | Ticket


def pack_consignments(consignments: Sequence[Consignment]) -> bytes:
    """Pack what a host is to make durable."""
    return pickle.dumps(tuple(consignments), pickle.HIGHEST_PROTOCOL)


def unpack_consignments(packed: bytes) -> tuple[Consignment, ...]:
    """Unpack what a host is to make durable."""
    consignments: tuple[Consignment, ...] = pickle.loads(packed)  # noqa: S301 - from our own replicas, over an authenticated call
    return consignments


def pack_answers(answers: Sequence[Answer]) -> bytes:
    """Pack a host's answers, in the order of the consignments."""
    return pickle.dumps(tuple(answers), pickle.HIGHEST_PROTOCOL)


def unpack_answers(packed: bytes) -> tuple[Answer, ...]:
    """Unpack a host's answers."""
    answers: tuple[Answer, ...] = pickle.loads(packed)  # noqa: S301 - from our own host
    return answers
