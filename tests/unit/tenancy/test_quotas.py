"""How much a tenant and a key may send."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from schemas.ids import TenantId
from schemas.problems import QuotaExceeded, RateExceeded, TooManyRequestsAtOnce
from schemas.settings import LimitSettings
from schemas.shards import WHOLE_TENANT, Shard
from storage.postgres.directory import KeyRecord, TenantRecord
from tenancy.quotas import Quotas

NOW = datetime(2026, 6, 1, 23, 59, 30, tzinfo=UTC)
KEY = KeyRecord(b"k", TenantId("t1"), "write", frozenset({"ingest"}))


class Clock:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """Start at any time."""
    return Clock()


def tenant(tenant_id: str = "t1", *, rate: float | None = None, per_day: int | None = None) -> TenantRecord:
    return TenantRecord(TenantId(tenant_id), f"{tenant_id}.localhost", tenant_id, "active", rate, per_day)


def send(quotas: Quotas, whose: TenantRecord, events: int, key: KeyRecord = KEY) -> None:
    with quotas.admitted(whose, key, NOW) as charge:
        charge(events)


def test_a_rate_is_kept(clock: Clock) -> None:
    """A burst of two seconds and one request of debt, then as much as the clock allows."""
    quotas = Quotas(LimitSettings(), 1, clock)
    slow = tenant(rate=10)
    send(quotas, slow, 15)
    send(quotas, slow, 15)
    with pytest.raises(RateExceeded) as refusal:
        send(quotas, slow, 1)
    assert refusal.value.retry_after_seconds == 2
    assert "10 events a second" in refusal.value.detail
    clock.seconds += 2
    send(quotas, slow, 1)


def test_replicas_share_a_rate(clock: Clock) -> None:
    """Each of four replicas gives out a quarter; the client is told of the whole."""
    quotas = Quotas(LimitSettings(), 4, clock)
    slow = tenant(rate=40)
    send(quotas, slow, 21)
    with pytest.raises(RateExceeded, match="40 events a second"):
        send(quotas, slow, 1)


def test_a_changed_limit_holds_at_once(clock: Clock) -> None:
    """Refused at 1 a second, let in as soon as the directory says 1,000."""
    quotas = Quotas(LimitSettings(), 1, clock)
    send(quotas, tenant(rate=1), 10)
    with pytest.raises(RateExceeded):
        send(quotas, tenant(rate=1), 1)
    send(quotas, tenant(rate=1_000), 1)


def test_a_key_has_a_rate_of_its_own(clock: Clock) -> None:
    """The slow key is refused, the tenant's other one is not."""
    quotas = Quotas(LimitSettings(), 1, clock)
    slow = KeyRecord(b"slow", TenantId("t1"), "write", frozenset({"ingest"}), events_per_second=1)
    send(quotas, tenant(), 10, slow)
    with pytest.raises(RateExceeded, match="This key"):
        send(quotas, tenant(), 1, slow)
    send(quotas, tenant(), 1)


def test_a_day_is_full_until_midnight(clock: Clock) -> None:
    """Refused for the 30 seconds that are left of the day, then let in; another tenant never."""
    quotas = Quotas(LimitSettings(), 1, clock)
    small = tenant(per_day=100)
    send(quotas, small, 1)
    quotas.learn(small.tenant_id, {WHOLE_TENANT: 100}, NOW)
    with pytest.raises(QuotaExceeded) as refusal:
        send(quotas, small, 1)
    assert refusal.value.retry_after_seconds == 30
    send(quotas, tenant("t2", per_day=100), 1)
    with quotas.admitted(small, KEY, NOW + timedelta(seconds=30)):
        pass


def test_the_shards_of_a_tenant_share_its_day(clock: Clock) -> None:
    """100 is full when the counts of three shards add up to it; a changed layout forgets nothing of it."""
    quotas = Quotas(LimitSettings(), 1, clock)
    small = tenant(per_day=100)
    for shard, count in ((Shard(0, 3), 40), (Shard(1, 3), 30), (Shard(2, 3), 29), (Shard(1, 3), 30)):
        quotas.learn(small.tenant_id, {shard: count}, NOW)
        send(quotas, small, 1)
    quotas.learn(small.tenant_id, {Shard(1, 3): 31}, NOW)
    for news in ({}, {Shard(0, 2): 50}, {Shard(1, 2): 52}):
        quotas.learn(small.tenant_id, news, NOW)
        with pytest.raises(QuotaExceeded):
            send(quotas, small, 1)


def test_requests_at_once(clock: Clock) -> None:
    """The third is refused while two are open, and let in when one has ended, or by a limit of the tenant's own."""
    quotas = Quotas(LimitSettings(tenant_requests_at_once=2), 1, clock)
    with quotas.admitted(tenant(), KEY, NOW):
        with quotas.admitted(tenant(), KEY, NOW):
            send(quotas, tenant("t2"), 1)
            with pytest.raises(TooManyRequestsAtOnce):
                send(quotas, tenant(), 1)
            send(quotas, replace(tenant(), requests_at_once=3), 1)
        send(quotas, tenant(), 1)


def test_requests_without_a_key_at_once(clock: Clock) -> None:
    """The third of nobody yet is refused while two are open; those that are somebody's are not concerned."""
    quotas = Quotas(LimitSettings(keyless_requests_at_once=2), 1, clock)
    with quotas.keyless():
        with quotas.keyless():
            send(quotas, tenant(), 1)
            with pytest.raises(TooManyRequestsAtOnce), quotas.keyless():
                pass
        with quotas.keyless():
            pass
