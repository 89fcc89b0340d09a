"""Nobody reaches another tenant: every operation of the tenant plane's document, asked in every way that might cross.

What tenant B has bears a mark that nothing else bears. Tenant A asks; whatever bears the mark in an answer or in a log
is a leak. Names of B's objects bear another mark, because whoever is asked for a name may repeat it.
"""

import asyncio
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest

from tests.crossing import Attack, Operation, operations_of, values_of
from tests.stack_fixtures import RunningStack, event, eventually, ndjson, new_tenant

pytestmark = pytest.mark.anyio

MARK = f"secretof{secrets.token_hex(6)}"
NAME = f"nameof{secrets.token_hex(6)}"
SQL = (
    "x' OR 1=1 -- ",
    "'; DROP TABLE conversions; --",
    "x') UNION ALL SELECT * FROM unmogrow.events_{other} -- ",
    "{x:String} $1 \\' /* %s",
)
AT_ONCE = 12
# As many as a replica computes at once: one more would be 503 after a wait, and nothing would have been tried.
DEAR_AT_ONCE = 2
STREAM = "follow_events"
# Each answer of these is a task of its own, or is made from thousands of rows: one hostile text each is enough.
DEAR = frozenset({"get_models", "get_journeys", "preview_fraud", "create_import"})
WITH_THEIRS = frozenset(
    {"their header", "their host", "their host, our header", "their token", "their cookie", "their key"}
)
NAMELESS = WITH_THEIRS | {"the question that they asked"}
CLOSED = frozenset({401, 403, 404})
BUSY = 503
FEW = 3
IDEMPOTENCY_KEY = f"{NAME}-idempotent"
IDENTITIES = re.compile(r"(_id|version|event_name|kid)$")
CURSORS = re.compile(r"cursor$")
LOG_BYTES_MAX = 50 * 1024**2
# What nobody but its owner changes; of the rest, some grows by itself.
STEADY = (
    *("list_links", "list_costs", "list_rates", "list_event_schemas", "list_policies"),
    *("list_imports", "list_events", "get_settings", "list_rejected"),
)


@dataclass
class Side:
    """One of the two tenants: how to call as it, and what names its objects and the pages of its lists."""

    tenant_id: str
    host: str
    write_key: str
    session: dict[str, Any]
    secret_key: str = ""
    names: dict[str, set[str]] = field(default_factory=dict)
    cursors: list[str] = field(default_factory=list)

    @property
    def user(self) -> dict[str, str]:
        """Headers of its owner."""
        return {"X-Tenant-ID": self.tenant_id, "Authorization": f"Bearer {self.session['access_token']}"}

    @property
    def sender(self) -> dict[str, str]:
        """Headers of its apps."""
        return {"X-Tenant-ID": self.tenant_id, "X-Write-Key": self.write_key}

    def names_for(self, parameter: str) -> list[str]:
        """Names of its objects that might stand for a parameter: those of such a field, and a few others."""
        return [*sorted(self.names.get(parameter, set()))[:FEW], f"{NAME}-link", f"{NAME}-install"]


@dataclass(frozen=True)
class Done:
    """A request that was answered: `said` is all of the answer, headers included."""

    attack: Attack
    status: int
    said: str


async def side_of(running: RunningStack, client: httpx.AsyncClient) -> Side:
    tenant = await new_tenant(running)
    login = {"email": tenant.owner_email, "password": tenant.owner_password}
    answer = await client.post("/api/v1/auth", json=login, headers={"X-Tenant-ID": tenant.tenant_id})
    return Side(tenant.tenant_id, tenant.host, tenant.write_key, answer.json())


@pytest.fixture
async def client(running: RunningStack) -> AsyncIterator[httpx.AsyncClient]:
    limits = httpx.Limits(max_connections=AT_ONCE * 2)
    async with httpx.AsyncClient(base_url=running.tenant_url, timeout=40, trust_env=False, limits=limits) as opened:
        yield opened


async def plant(client: httpx.AsyncClient, side: Side) -> list[str]:
    """Give a tenant something of everything, with the mark in it; give what else nobody but its owner may see."""
    fields = {"media_source": MARK, "campaign": MARK, "user_agent": MARK, "properties": {"note": MARK}}
    device = {"device_id": f"{NAME}-device"}
    events = [
        event("click", event_id=f"{NAME}-click", **device, **fields),
        event("install", event_id=f"{NAME}-install", app_id=MARK, **device),
        event("purchase", event_id=f"{NAME}-purchase", app_id=MARK, product_id=MARK, **device),
        event("in_app", event_id=f"{NAME}-in-app", event_name=f"{NAME}-level", **device, **fields),
        event("click", event_id=f"{NAME}-bad", unknown_field=MARK),
    ]
    headers = side.sender | {"Idempotency-Key": IDEMPOTENCY_KEY}
    query = {"wait": "stored"}
    sent = await client.post("/api/v1/events/ingest", content=ndjson(events), params=query, headers=headers)
    assert sent.json()["accepted"] == 4
    link = {"link_id": f"{NAME}-link", "media_source": MARK, "campaign": MARK, "web_url": f"https://example.com/{MARK}"}
    cost = {"media_source": MARK, "date": "2026-11-01", "cost": "1.50", "currency": "EUR", "campaign": MARK}
    schema = {"schema": {"type": "object", "description": MARK}, "on_violation": "flag"}
    imported = ndjson([event("click", event_id=f"{NAME}-imported", **fields)])
    named = {"filename": f"{MARK}.ndjson", "format": "ndjson"}
    text = side.user | {"Content-Type": "text/plain"}
    for answer in [
        await client.post("/api/v1/links", json=link, headers=side.user),
        await client.post("/api/v1/costs", json=cost, headers=side.user),
        await client.put(f"/api/v1/schemas/{NAME}-level", json=schema, headers=side.user),
        await client.post("/api/v1/fraud/reviews", json={"days": 1}, headers=side.user),
        await client.post("/api/v1/imports", content=imported, params=named, headers=side.user),
        await client.put("/api/v1/fraud/lists/user_agent", content=MARK, headers=text),
    ]:
        answer.raise_for_status()
    asked = {"name": MARK, "kind": "secret", "scopes": ["ingest", "read", "write"]}
    side.secret_key = (await client.post("/api/v1/keys", json=asked, headers=side.user)).json()["key"]
    invited = {"email": f"{MARK}@example.com", "role": "viewer"}
    (await client.post("/api/v1/users", json=invited, headers=side.user)).raise_for_status()
    return [MARK, sent.json()["batch_id"], side.session["access_token"], side.session["refresh_token"]]


class Gates:
    """Lets some requests pass at once; fewer of those whose answers are dear."""

    def __init__(self) -> None:
        self._usual, self._dear = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(DEAR_AT_ONCE)

    def of(self, operation: str) -> asyncio.Semaphore:
        """Give the gate that an operation's requests pass."""
        return self._dear if operation in DEAR else self._usual


async def look(
    client: httpx.AsyncClient, side: Side, operations: list[Operation], gates: Gates
) -> dict[str, dict[str, Any] | int]:
    """Ask those of the operations that need no name, as its owner; give the answers' documents, or their statuses."""

    async def ask(operation: Operation) -> tuple[str, dict[str, Any] | int]:
        async with gates.of(operation.name):
            answer = await client.get(operation.path, headers=side.user, params=_first_page(operation))
        return operation.name, orjson.loads(answer.content) if answer.is_success else answer.status_code

    asked = [each for each in operations if each.method == "get" and each.is_for_users and not each.parameters("path")]
    return dict(await asyncio.gather(*(ask(each) for each in asked if each.name != STREAM)))


def _first_page(operation: Operation) -> dict[str, str]:
    # A cursor comes with a page that is full.
    return {"limit": "1"} if "limit" in [each["name"] for each in operation.parameters("query")] else {}


def attacks_of(operation: Operation, ours: Side, theirs: Side) -> Iterator[Attack]:
    """Make every request that might cross by one operation."""
    both = {"X-Tenant-ID": ours.tenant_id, "Host": theirs.host}
    if operation.is_for_users:
        yield operation.attack("their header", headers=ours.user | {"X-Tenant-ID": theirs.tenant_id})
        yield operation.attack("their host", headers={"Authorization": ours.user["Authorization"], "Host": theirs.host})
        yield operation.attack("their host, our header", headers=ours.user | both)
        yield operation.attack("their token", headers=ours.user | {"Authorization": theirs.user["Authorization"]})
        yield operation.attack("their key", headers=ours.user | {"Authorization": f"Bearer {theirs.secret_key}"})
        cookie = f"unmogrow_access={theirs.session['access_token']}"
        yield operation.attack("their cookie", headers={"X-Tenant-ID": ours.tenant_id, "Cookie": cookie})
        mine = ours.user
    else:
        mine = ours.sender
    if operation.is_for_keys:
        yield operation.attack("their key", headers=ours.sender | {"X-Write-Key": theirs.write_key})
        yield operation.attack("their header", headers=ours.sender | {"X-Tenant-ID": theirs.tenant_id})
        yield operation.attack("their host, our header", headers=ours.sender | both)
    if operation.name != STREAM:
        yield operation.attack("the question that they asked", headers=mine)
        yield from _by_names(operation, mine, theirs)
        yield from _by_texts(operation, mine, theirs)


def _by_names(operation: Operation, mine: dict[str, str], theirs: Side) -> Iterator[Attack]:
    """Ask for the other's objects, wherever a name may stand."""
    names = [each["name"] for each in operation.parameters("path")]
    for name in theirs.names_for(names[-1]) if names else ():
        yield operation.attack("their name in the path", ids=dict.fromkeys(names, quote(name, safe="")), headers=mine)
    if "cursor" in [each["name"] for each in operation.parameters("query")]:
        for cursor in theirs.cursors:
            for text in (cursor, cursor[:-2] + "xx"):
                yield operation.attack("their cursor", query={"cursor": text}, headers=mine)
    for header in operation.parameters("header"):
        yield operation.attack("their Idempotency-Key", headers=mine | {header["name"]: IDEMPOTENCY_KEY})
    for at in () if operation.name in DEAR else operation.string_fields():
        secrets_of_session = [theirs.session["refresh_token"]] if at[-1:] == ("refresh_token",) else []
        for name in [*secrets_of_session, *theirs.names_for(at[-1] if at else "")[: FEW - 1]]:
            yield operation.attack("their name in the body", strings={at: name}, headers=mine)


def _by_texts(operation: Operation, mine: dict[str, str], theirs: Side) -> Iterator[Attack]:
    """Write SQL wherever a text may stand; of the texts, each parameter of a query gets one after another."""
    texts = [text.replace("{other}", theirs.tenant_id) for text in SQL[: 1 if operation.name in DEAR else len(SQL)]]
    for number, parameter in enumerate(operation.parameters("query")):
        for sql in dict.fromkeys((texts[number % len(texts)], texts[(number + 1) % len(texts)])):
            value = f"media_source={sql}" if parameter["name"] == "filter" else sql
            yield operation.attack("SQL in the query", query={parameter["name"]: value}, headers=mine)
    for sql in texts:
        names = [each["name"] for each in operation.parameters("path")]
        if names:
            yield operation.attack("SQL in the path", ids=dict.fromkeys(names, quote(sql, safe="")), headers=mine)
        for at in operation.string_fields():
            yield operation.attack("SQL in the body", strings={at: sql}, headers=mine)


async def carry_out(client: httpx.AsyncClient, attack: Attack, gates: Gates) -> Done:
    """Make a request; of a stream that opens, nothing more is waited for."""
    request = client.build_request(
        attack.method, attack.path, params=attack.query, headers=attack.headers, content=attack.content
    )
    async with gates.of(attack.operation):
        answer = await client.send(request, stream=True)
        is_stream = attack.operation == STREAM and answer.is_success
        text = "" if is_stream else (await answer.aread()).decode(errors="replace")
        await answer.aclose()
        return Done(attack, answer.status_code, f"{dict(answer.headers)} {text}")


def is_leak(done: Done, hidden: list[str]) -> bool:
    """Say whether an answer holds what is hidden, or names an object that nobody has named to it yet."""
    is_unnamed = done.attack.tries in NAMELESS
    return any(text in done.said for text in hidden) or (is_unnamed and NAME in done.said)


async def follow_while_they_send(client: httpx.AsyncClient, ours: Side, theirs: Side) -> str:
    """Follow our own events while they send theirs, until one of ours that was sent after those has come."""
    last = f"last{secrets.token_hex(6)}"
    followed = ""
    async with client.stream("GET", "/api/v1/events/live", headers=ours.user) as stream:
        for side, event_id in ((theirs, f"{NAME}-live"), (ours, last)):
            body = event(event_id=event_id, media_source=MARK if side is theirs else "ours")
            sent = await client.post("/api/v1/events/ingest", json=body, params={"wait": "stored"}, headers=side.sender)
            assert sent.status_code == 202
        async for text in stream.aiter_text():
            followed += text
            if last in followed:
                return followed
    return followed


def marked_logs(running: RunningStack) -> list[str]:
    """Find log files in which the mark stands."""
    places = running.stack.places
    files = [path for folder in (places.logs, places.ray) for path in folder.rglob("*") if _is_log(path)]
    assert len(files) > 5
    return [str(path) for path in files if MARK.encode() in path.read_bytes()[-LOG_BYTES_MAX:]]


def _is_log(path: Path) -> bool:
    return path.is_file() and path.suffix in {".log", ".out", ".err", ".txt"} and not path.is_symlink()


async def test_nobody_crosses(running: RunningStack, client: httpx.AsyncClient) -> None:
    """No answer, no event stream and no log holds what another tenant has; what it has stays as it is; no 5xx."""
    ours, theirs = [await side_of(running, client) for _ in range(2)]
    hidden = await plant(client, theirs)
    operations = operations_of((await client.get("/openapi.json")).json())

    async def is_attributed() -> bool:
        answer = await client.get(f"/api/v1/attributions/{NAME}-install", headers=theirs.user)
        return bool(answer.json().get("media_source") == MARK)

    async def is_imported() -> bool:
        newest = (await client.get("/api/v1/events", headers=theirs.user)).json()["data"]
        return bool(newest[0]["event_id"] == f"{NAME}-imported")

    await eventually(is_attributed)
    await eventually(is_imported)
    gates = Gates()
    before = await look(client, theirs, operations, gates)
    visible = [name for name, seen in before.items() if MARK.encode() in orjson.dumps(seen)]
    # What bears the mark is no name: we would have it in our own lists by asking for it.
    found = values_of(before, IDENTITIES).items()
    theirs.names = {field: {name for name in names if MARK not in name} for field, names in found}
    theirs.cursors = sorted(set().union(*values_of(before, CURSORS).values()))[:FEW]
    attacks = [attack for operation in operations for attack in attacks_of(operation, ours, theirs)]
    done = []
    # First what names nothing of theirs; after the rest, our own lists hold the names that we asked for.
    for is_first in (True, False):
        now = [attack for attack in attacks if (attack.tries in NAMELESS) is is_first]
        done += await asyncio.gather(*(carry_out(client, attack, gates) for attack in now))
    leaks = [each for each in done if is_leak(each, hidden)]
    opened = [each for each in done if each.attack.tries in WITH_THEIRS and each.status not in CLOSED]
    broken = [each for each in done if each.status >= 500 and each.status != BUSY]
    print(
        f"{len(operations)} operations, {len(visible)} lists show the mark to its owner; {len(attacks)} requests that "
        f"might cross: {dict(Counter(each.tries for each in attacks))}; answers: "
        f"{dict(sorted(Counter(each.status for each in done).items()))}; leaks: {len(leaks)}"
    )
    assert len(visible) >= 8, visible
    assert len(theirs.cursors) == FEW
    assert {"link_id", "cost_id", "import_id", "review_id", "user_id", "key_id"} <= theirs.names.keys()
    assert (leaks, opened, broken) == ([], [], [])
    after = await look(client, theirs, [each for each in operations if each.name in STEADY], gates)
    assert after == {name: before[name] for name in STEADY}
    followed = await follow_while_they_send(client, ours, theirs)
    assert MARK not in followed
    assert NAME not in followed
    assert marked_logs(running) == []
