"""The audit log: what is written there, and that nobody changes it."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from schemas.ids import parse_tenant_id
from storage.names import AUDITOR, tenant_database
from storage.postgres.audit import AuditLog
from storage.postgres.connect import Databases
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, new_tenant

pytestmark = pytest.mark.anyio

COST = {"media_source": "radio", "date": "2026-11-30", "cost": "12.5", "currency": "EUR"}


@pytest.fixture(scope="module")
async def house(running: RunningStack) -> ProvisionedTenant:
    """Make the one tenant that these tests share."""
    return await new_tenant(running)


@pytest.fixture
async def owner(running: RunningStack, house: ProvisionedTenant) -> AsyncIterator[httpx.AsyncClient]:
    """Call as the tenant's owner."""
    headers = {"X-Tenant-ID": house.tenant_id, "X-Request-ID": "audited-1"}
    async with httpx.AsyncClient(base_url=running.tenant_url, headers=headers, timeout=30, trust_env=False) as client:
        login = {"email": house.owner_email, "password": house.owner_password}
        token = (await client.post("/api/v1/auth", json=login)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
async def own_role(running: RunningStack, house: ProvisionedTenant) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the tenant's own role, which owns the database."""
    backends, role = running.stack.backends, tenant_database(parse_tenant_id(house.tenant_id))
    connection = await asyncpg.connect(
        host=backends.postgres_host,
        port=backends.postgres_port,
        user=role,
        password=backends.role_password(role),
        database=role,
    )
    yield connection
    await connection.close()


async def actions(owner: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Read action and subject of every entry, oldest first."""
    entries = (await owner.get("/api/v1/audit", params={"limit": 1000})).json()["data"]
    return [(entry["action"], entry["subject"]) for entry in reversed(entries)]


async def test_a_change_and_its_entry(owner: httpx.AsyncClient, house: ProvisionedTenant) -> None:
    """A change leaves one entry: who, what, from where, in which request; a refused one leaves none."""
    made = (await owner.post("/api/v1/costs", json=COST)).json()["cost_id"]
    assert (await owner.delete(f"/api/v1/costs/{made + 1}")).status_code == 404
    assert (await owner.delete(f"/api/v1/costs/{made}")).status_code == 204
    wanted: dict[str, str | int] = {"action": "cost.create", "limit": 1}
    entry = (await owner.get("/api/v1/audit", params=wanted)).json()["data"][0]
    me = (await owner.get("/api/v1/auth/me")).json()
    assert entry["actor"] == {"kind": "user", "id": me["user_id"], "label": house.owner_email}
    assert (entry["subject"], entry["ip"], entry["request_id"]) == (str(made), "127.0.0.1", "audited-1")
    assert entry["detail"]["media_source"] == "radio"
    costs = [each for each in await actions(owner) if each[0].startswith("cost.")]
    assert costs == [("cost.create", str(made)), ("cost.delete", str(made))]


async def test_a_change_elsewhere(owner: httpx.AsyncClient) -> None:
    """A change in the control database is written down before it is made, and again if it was refused."""
    link = {"link_id": "spring", "media_source": "radio", "web_url": "https://example.com"}
    assert (await owner.post("/api/v1/links", json=link)).status_code == 201
    assert (await owner.post("/api/v1/links", json=link)).status_code == 409
    links = [each for each in await actions(owner) if each[0].startswith("link.")]
    assert links == [("link.create", "spring")] * 2 + [("link.create.refused", "spring")]


async def test_kinds_of_changes(owner: httpx.AsyncClient) -> None:
    """Each change of the tenant's configuration has its entry; dry runs and repeated drafts change nothing."""
    csv = {"Content-Type": "text/csv"}
    costs, rates = "media_source,date,cost,currency\ntv,2026-11-29,7,EUR\n", "date,currency,rate\n2026-11-29,EUR,1.1\n"
    cost = (await owner.post("/api/v1/costs", json=COST)).json()["cost_id"]
    policy = (await owner.get("/api/v1/policies/1")).json()["policy"]
    schema = {"schema": {"type": "object"}, "on_violation": "flag"}
    calls: list[tuple[str, str, dict[str, Any], str | None]] = [
        ("PUT", "/api/v1/settings", {"json": {"currency": "USD", "time_zone": "UTC"}}, "settings.replace"),
        ("PUT", f"/api/v1/costs/{cost}", {"json": COST | {"cost": "9"}}, "cost.replace"),
        ("POST", "/api/v1/costs/upload?dry_run=true", {"content": costs, "headers": csv}, None),
        ("POST", "/api/v1/costs/upload", {"content": costs, "headers": csv}, "cost.upload"),
        ("POST", "/api/v1/rates/upload", {"content": rates, "headers": csv}, "rate.upload"),
        ("DELETE", "/api/v1/rates/EUR/2026-11-29", {}, "rate.delete"),
        ("PUT", "/api/v1/policies", {"json": {"policy": policy, "note": "again"}}, "policy.draft"),
        ("POST", "/api/v1/policies/1/adopt", {}, "policy.adopt"),
        ("PUT", "/api/v1/schemas/level_up", {"json": schema}, "schema.replace"),
        ("DELETE", "/api/v1/schemas/level_up", {}, "schema.delete"),
        ("PUT", "/api/v1/app-links", {"json": {}}, "app-links.replace"),
        ("PUT", "/api/v1/fraud/lists/ip", {"json": {"entries": ["192.0.2.1"]}}, "fraud-list.replace"),
        ("POST", "/api/v1/fraud/reviews", {"json": {"days": 1}}, "fraud-review.create"),
        ("POST", "/api/v1/attributions/failed/retry", {"json": {}}, "attribution.retry"),
        ("POST", "/api/v1/users", {"json": {"email": "kinds@example.com", "role": "viewer"}}, "user.invite"),
    ]
    before = len(await actions(owner))
    for method, path, sent, _ in calls:
        answer = await owner.request(method, path, **sent)
        assert answer.is_success, (path, answer.text)
    written = [action for action, _ in (await actions(owner))[before:]]
    assert written == [action for *_, action in calls if action]


async def test_logins(owner: httpx.AsyncClient, house: ProvisionedTenant) -> None:
    """Logins are entries, failed ones too; what was typed as an email is written down only if it is a user's."""
    for email in (house.owner_email, "my-secret-password"):
        await owner.post("/api/v1/auth", json={"email": email, "password": "wrong"})
    failed = (await owner.get("/api/v1/audit", params={"action": "login.failed"})).json()["data"]
    assert [(each["actor"]["kind"], each["subject"]) for each in failed] == [
        ("nobody", ""),
        ("nobody", house.owner_email),
    ]
    mine = (await owner.get("/api/v1/audit", params={"actor": house.owner_email, "action": "login"})).json()["data"]
    assert mine


async def test_a_keys_change(owner: httpx.AsyncClient) -> None:
    """What a secret key changes is the key's act, under its name; that key's text is in no entry."""
    new = {"name": "importer", "kind": "secret", "scopes": ["write"]}
    made = (await owner.post("/api/v1/keys", json=new)).json()
    await owner.post("/api/v1/costs", json=COST, headers={"Authorization": f"Bearer {made['key']}"})
    entries = await owner.get("/api/v1/audit", params={"actor": "importer"})
    assert entries.json()["data"][0]["actor"] == {"kind": "key", "id": made["key_id"], "label": "importer"}
    assert made["key"] not in (await owner.get("/api/v1/audit", params={"limit": 1000})).text


async def test_paging_and_times(owner: httpx.AsyncClient) -> None:
    """Pages meet without a gap, and `from` and `to` bound what is read."""
    everything = (await owner.get("/api/v1/audit", params={"limit": 1000})).json()["data"]
    paged: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        wanted = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await owner.get("/api/v1/audit", params=wanted)).json()
        paged += page["data"]
        cursor = page["next_cursor"]
    assert paged == everything
    first = everything[-1]["at"]
    assert (await owner.get("/api/v1/audit", params={"to": first})).json()["data"] == []
    assert len((await owner.get("/api/v1/audit", params={"from": first, "limit": 1000})).json()["data"]) == len(paged)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit.entries SET action = 'nothing'",
        "DELETE FROM audit.entries",
        "TRUNCATE audit.entries",
        "DROP TABLE audit.entries",
        "DROP SCHEMA audit CASCADE",
        "ALTER SCHEMA audit RENAME TO gone",
        "ALTER TABLE audit.entries OWNER TO CURRENT_USER",
        "ALTER TABLE audit.entries ADD COLUMN more text",
        "CREATE TRIGGER t BEFORE INSERT ON audit.entries EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE r AS ON INSERT TO audit.entries DO INSTEAD NOTHING",
        "CREATE TABLE audit.entries2 ()",
        "DO $$ BEGIN LOCK TABLE audit.entries IN ACCESS EXCLUSIVE MODE; END $$",
        "UPDATE audit.retention SET keep_days = 1",
        "CREATE OR REPLACE FUNCTION audit.sweep() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "INSERT INTO audit.entries (at) VALUES ('2020-01-01')",
        "INSERT INTO audit.entries (audit_id) OVERRIDING SYSTEM VALUE VALUES (1)",
        f"SET ROLE {AUDITOR}",
        f"GRANT {AUDITOR} TO CURRENT_USER",
        "SET session_replication_role = replica",
        "REASSIGN OWNED BY unmogrow_auditor TO CURRENT_USER",
    ],
)
async def test_the_tenants_own_role_changes_nothing(own_role: asyncpg.Connection, statement: str) -> None:
    """The role that owns the tenant's database is refused every way to change, hide or backdate an entry."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await own_role.execute(statement)


async def test_nobody_logs_in_as_the_owner(own_role: asyncpg.Connection) -> None:
    """The log's owner cannot log in, and is no superuser."""
    row = await own_role.fetchrow(
        "SELECT rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = $1", AUDITOR
    )
    assert tuple(row) == (False, False, False)


async def test_what_is_past_its_time_goes(
    running: RunningStack, house: ProvisionedTenant, owner: httpx.AsyncClient
) -> None:
    """Sweeping removes what is older than the platform keeps, and nothing else."""
    name = tenant_database(parse_tenant_id(house.tenant_id))
    administrator = await asyncpg.connect(running.stack.postgres_url, database=name)
    await administrator.execute(
        "INSERT INTO audit.entries (at, actor_kind, actor_id, actor_label, action, subject, ip, request_id, detail) "
        "VALUES (now() - interval '401 days', 'system', '', '', 'old', '', '', '', '{}'), "
        "(now() - interval '399 days', 'system', '', '', 'kept', '', '', '', '{}')"
    )
    await administrator.close()
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    assert await AuditLog(databases.tenant(parse_tenant_id(house.tenant_id))).sweep() == 1
    await databases.close()
    found = {action for action, _ in await actions(owner)}
    assert "kept" in found
    assert "old" not in found
