"""What processes at work say of themselves, for the operators' console."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class ReplicaLoad(NamedTuple):
    """One replica of the attribution pool: calls that wait in it or are being decided, conversions decided so far."""

    pid: int
    begun_at: datetime
    calls_open: int
    conversions_decided: int


@dataclass(frozen=True, slots=True)
class PoolState:
    """The attribution pool as Serve sees it (`status`, replicas by state), and its replicas as they see themselves.

    `loads` lacks replicas that do not answer at once.
    """

    status: str
    message: str
    replicas: dict[str, int]
    loads: tuple[ReplicaLoad, ...]


class HostState(NamedTuple):
    """A process that serves tenants: where it runs, since when, what it holds in memory, how many shards it serves."""

    node: str
    pid: int
    begun_at: datetime
    memory_bytes: int
    shards: int
