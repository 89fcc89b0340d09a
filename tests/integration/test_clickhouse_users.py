"""Tenants' ClickHouse users: the SQL is ClickHouse's, and an engine without users does without."""

import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from schemas.ids import TenantId
from schemas.report_problems import QuestionTooLarge
from schemas.reports import ReportQuery, parse_span
from storage.clickhouse.connect import ClickHouse, StoreAwayError
from storage.clickhouse.event_reader import EventFilter, EventReader
from storage.clickhouse.report_reader import ReportReader
from storage.clickhouse.tenant_user import drop_statements, ensure_user, user_statements
from storage.clickhouse.violation_reader import ViolationReader
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant
from tests.crash.relay import relay_to
from tests.stack_fixtures import RunningStack, event, ndjson

pytestmark = pytest.mark.anyio


async def test_the_engine_reads_every_statement(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """ClickHouse's own parser takes each for what it is; the embedded engine says that it has no users."""
    store = ClickHouse(running.stack.backends, running.stack.settings.clickhouse)
    tenant_id = TenantId(tenant.tenant_id)
    statements = (*user_statements(tenant_id, "it's", store.settings), *drop_statements(tenant_id))
    kinds = []
    for statement in statements:
        async with store.client() as client:
            answer = await client.query(f"EXPLAIN AST {statement}")
        kinds.append(answer.result_rows[0][0].split()[0])
    grants = len(statements) - 5
    assert kinds == [
        *("CreateSettingsProfileQuery", "CreateUserQuery", "CreateUserQuery"),
        *(["GrantQuery"] * grants),
        *(["DROP"] * 2),
    ]
    assert await ensure_user(store, running.stack.backends, tenant_id) is False
    await store.close()


async def test_a_question_has_limits(running: RunningStack, tenant: ProvisionedTenant, http: httpx.AsyncClient) -> None:
    """More rows than a question may read: QuestionTooLarge, which is no fault of the store."""
    settings = running.stack.settings.clickhouse.model_copy(update={"query_read_rows_max": 5})
    store = ClickHouse(running.stack.backends, settings)
    body = ndjson([event() for _ in range(20)])
    sent = await http.post("/api/v1/events/ingest", content=body, params={"wait": "stored"})
    assert sent.status_code == 202
    with pytest.raises(QuestionTooLarge):
        await EventReader(store, TenantId(tenant.tenant_id)).page(before=None, chosen=EventFilter(), limit=10)
    await store.close()


async def ask_events(store: ClickHouse, tenant_id: TenantId) -> None:
    """Ask for raw events."""
    await EventReader(store, tenant_id).page(before=None, chosen=EventFilter(), limit=10)


async def ask_violations(store: ClickHouse, tenant_id: TenantId) -> None:
    """Ask for events that a schema flags."""
    until = utc_now()
    await ViolationReader(store, tenant_id).flagged(until - timedelta(days=1), until, 10)


async def ask_reports(store: ClickHouse, tenant_id: TenantId) -> None:
    """Ask what every report asks first."""
    span = parse_span("2026-10-24", "2026-10-26", "UTC", utc_now().date())
    await ReportReader.open(store, tenant_id, ReportQuery(span), [])


@pytest.mark.parametrize("ask", [ask_events, ask_violations, ask_reports])
async def test_a_tenant_is_its_own_user(
    running: RunningStack, tenant: ProvisionedTenant, ask: Callable[[ClickHouse, TenantId], Awaitable[None]]
) -> None:
    """Where the server has users, each statement for a tenant bears its user's name and none the platform's."""
    backends = running.stack.backends
    async with relay_to("127.0.0.1", running.stack.settings.ports.clickhouse) as relay:
        url = f"http://platform:secret@127.0.0.1:{relay.port}"
        store = ClickHouse(
            replace(backends, clickhouse_url=url, clickhouse_has_users=True), running.stack.settings.clickhouse
        )
        await store.ping()
        user = f"tenant_{tenant.tenant_id}"
        names = (f"{user}:{backends.role_password(user)}", "platform:secret")
        own, platforms = (base64.b64encode(name.encode()) for name in names)
        relay.lose_answer_to(own)
        with suppress(StoreAwayError):
            await ask(store, TenantId(tenant.tenant_id))
        assert relay.lost.is_set()
        relay.lose_answer_to(platforms)
        await ask(store, TenantId(tenant.tenant_id))
        assert not relay.lost.is_set()
        await store.close()
