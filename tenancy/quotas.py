"""How much a tenant and a key may send: events a second, events a day, requests at once.

A replica admits a request before it reads its body and charges what the body held afterwards, so that a refusal
costs next to nothing; a bucket may therefore go into debt, by at most one request.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from schemas.ids import TenantId
from schemas.problems import QuotaExceeded, RateExceeded, TooManyRequestsAtOnce
from schemas.settings import LimitSettings
from schemas.shards import Shard
from storage.postgres.directory import KeyRecord, TenantRecord

_BURST_SECONDS = 2.0
_RETRY_AFTER_SECONDS = 1


@dataclass(slots=True)
class Bucket:
    """A token bucket: `rate` events a second, and the events of two seconds at once. Times are in seconds."""

    rate: float
    level: float
    filled_at: float

    @classmethod
    def full(cls, rate: float, now: float) -> "Bucket":
        """Make one that was not used lately."""
        return cls(rate, rate * _BURST_SECONDS, now)

    def wait_seconds(self, now: float) -> float:
        """Say how long until something may be taken: 0 if now."""
        self.level = min(self.rate * _BURST_SECONDS, self.level + (now - self.filled_at) * self.rate)
        self.filled_at = now
        return 0.0 if self.level > 0 else (1 - self.level) / self.rate

    def take(self, events: int) -> None:
        """Take events out, below zero if need be."""
        self.level -= events


@dataclass(slots=True)
class _Day:
    """What a tenant has sent on a day (UTC). The counts are those of the shards of the newest layout."""

    begins: datetime
    accepted: int = 0
    counts: dict[Shard, int] = field(default_factory=dict)

    def learn(self, counts: Mapping[Shard, int]) -> None:
        """Take note; the sum never falls, though of a new layout some shards are not known yet."""
        layouts = {shard.count for shard in counts}
        self.counts = {shard: count for shard, count in self.counts.items() if shard.count in layouts} | dict(counts)
        self.accepted = max(self.accepted, sum(self.counts.values()))


class Quotas:
    """What tenants and keys have used of their limits, as one replica sees it.

    Rates are divided by the number of replicas there may be. The count of the day comes from the tenant's shards with
    each receipt, and so holds over all replicas; what is in flight may overrun it, and what a shard took of which this
    replica has not heard yet.
    """

    def __init__(self, limits: LimitSettings, replicas: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._replicas = replicas
        self._monotonic = monotonic
        self._buckets: dict[TenantId | bytes, Bucket] = {}
        self._at_once: Counter[TenantId] = Counter()
        self._keyless_at_once = 0
        self._days: dict[TenantId, _Day] = {}

    @contextmanager
    def admitted(self, tenant: TenantRecord, key: KeyRecord, now: datetime) -> Iterator[Callable[[int], None]]:
        """Let a request in whose body is not read yet; it yields what to call with the number of its events.

        Raises:
            TooManyRequestsAtOnce: the tenant has as many requests open here as it may have.
            RateExceeded: tenant or key have sent more events a second than they may.
            QuotaExceeded: the tenant has sent as many events as it may on this day (UTC).
        """
        buckets = self._buckets_of(tenant, key)
        self._check_rates(buckets)
        self._check_day(tenant, now)
        tenant_id = tenant.tenant_id
        if self._at_once[tenant_id] >= (tenant.requests_at_once or self._limits.tenant_requests_at_once):
            raise TooManyRequestsAtOnce(retry_after_seconds=_RETRY_AFTER_SECONDS)

        def charge(events: int) -> None:
            for _, bucket in buckets:
                bucket.take(events)

        self._at_once[tenant_id] += 1
        try:
            yield charge
        finally:
            self._at_once[tenant_id] -= 1

    @contextmanager
    def keyless(self) -> Iterator[None]:
        """Let a request in that has its key in the body, until it is known whose it is.

        Raises:
            TooManyRequestsAtOnce: as many are open here as may be, whoever sends them.
        """
        if self._keyless_at_once >= self._limits.keyless_requests_at_once:
            detail = "Too many requests are open that have no key in their head."
            raise TooManyRequestsAtOnce(detail, retry_after_seconds=_RETRY_AFTER_SECONDS)
        self._keyless_at_once += 1
        try:
            yield
        finally:
            self._keyless_at_once -= 1

    def learn(self, tenant_id: TenantId, accepted_today: Mapping[Shard, int], now: datetime) -> None:
        """Take the word of the tenant's shards for what it has sent on this day."""
        day = self._days.get(tenant_id)
        if day is None or day.begins != _day_of(now):
            day = self._days[tenant_id] = _Day(_day_of(now))
        day.learn(accepted_today)

    def _buckets_of(self, tenant: TenantRecord, key: KeyRecord) -> tuple[tuple[str, Bucket], ...]:
        tenant_rate = tenant.events_per_second or self._limits.tenant_events_per_second
        key_rate = key.events_per_second or self._limits.key_events_per_second
        return (
            ("tenant", self._bucket(tenant.tenant_id, tenant_rate)),
            ("key", self._bucket(key.key_hash, key_rate)),
        )

    def _bucket(self, name: TenantId | bytes, rate: float) -> Bucket:
        share = rate / self._replicas
        bucket = self._buckets.get(name)
        if bucket is None or bucket.rate != share:
            bucket = self._buckets[name] = Bucket.full(share, self._monotonic())
        return bucket

    def _check_rates(self, buckets: tuple[tuple[str, Bucket], ...]) -> None:
        now = self._monotonic()
        for whose, bucket in buckets:
            wait_seconds = bucket.wait_seconds(now)
            if wait_seconds > 0:
                detail = f"This {whose} may send {bucket.rate * self._replicas:,.0f} events a second."
                raise RateExceeded(detail, retry_after_seconds=math.ceil(wait_seconds))

    def _check_day(self, tenant: TenantRecord, now: datetime) -> None:
        if tenant.events_per_day is None:
            return
        today = _day_of(now)
        known = self._days.get(tenant.tenant_id)
        if known is not None and known.begins == today and known.accepted >= tenant.events_per_day:
            seconds_left = (today + timedelta(days=1) - now).total_seconds()
            detail = f"This tenant may send {tenant.events_per_day:,} events a day (UTC)."
            raise QuotaExceeded(detail, retry_after_seconds=math.ceil(seconds_left))


def _day_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
