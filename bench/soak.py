"""A long, mixed load on the running stack, ended by its ledger: `make soak`.

New events, repeats, and invalid ones in bodies of changing size. At the end what was received must be what was stored,
known, quarantined or rejected, and every acknowledged id must be in ClickHouse once.
"""

import argparse
import asyncio
import random
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx
import orjson
from clickhouse_connect.driver import create_async_client
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.ingest import make_tenant, now_text
from local.stack import Stack
from schemas.settings import Settings
from storage.names import clickhouse_tables
from storage.postgres.connect import Databases
from storage.postgres.ledger import Ledger, LedgerRow
from telemetry.clock import utc_now
from tenancy.provisioning import ProvisionedTenant

_CONNECTIONS = 8
_SETTLE_SECONDS = 60.0

console = Console()


@dataclass(slots=True)
class Answers:
    """What the product said of everything that was sent."""

    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    slowed: int = 0
    latencies_ms: list[float] = field(default_factory=list)


async def _send_on(http: httpx.AsyncClient, answers: Answers, stop_at: float, dice: random.Random) -> None:
    known: list[str] = []
    prefix = f"soak-{secrets.token_hex(5)}"
    sent = 0
    while time.perf_counter() < stop_at:
        events = []
        for _ in range(dice.choice((1, 10, 100, 1_000))):
            sent += 1
            event = {"event_id": f"{prefix}-{sent}", "event_type": "click", "event_time": now_text(), "device_id": "d"}
            luck = dice.random()
            if luck < 0.05 and known:
                event["event_id"] = dice.choice(known)
            elif luck < 0.06:
                event["event_type"] = "clack"
            else:
                known.append(event["event_id"])
            events.append(event)
        del known[:-1_000]
        body = b"\n".join(map(orjson.dumps, events))
        started = time.perf_counter()
        while (answer := await http.post("/api/v1/events/ingest", content=body)).status_code in {429, 503}:
            answers.slowed += 1
            await asyncio.sleep(float(answer.headers["Retry-After"]))
        answers.latencies_ms.append((time.perf_counter() - started) * 1_000)
        document = answer.json()
        answers.accepted += document["accepted"]
        answers.duplicates += document["duplicates"]
        answers.rejected += len(document["rejected"])


async def _soak(stack: Stack, minutes: float, seed: int) -> bool:
    tenant = await make_tenant(stack)
    # The ledger counts by whole minutes: what an earlier run did must lie in one of its own.
    await asyncio.sleep(60 - utc_now().second)
    answers, began = Answers(), utc_now()
    stop_at = time.perf_counter() + minutes * 60
    ports = stack.settings.ports
    headers = {
        "X-Tenant-ID": tenant.tenant_id,
        "X-Write-Key": tenant.write_key,
        "Content-Type": "application/x-ndjson",
    }
    async with httpx.AsyncClient(
        base_url=f"http://{ports.host}:{ports.tenant}", headers=headers, timeout=60, trust_env=False
    ) as http:
        loops = [
            asyncio.create_task(_send_on(http, answers, stop_at, random.Random(seed + number)))
            for number in range(_CONNECTIONS)
        ]
        await _show(answers, minutes, stop_at)
        await asyncio.gather(*loops)
    return await _balance(stack, tenant, answers, began)


async def _show(answers: Answers, minutes: float, stop_at: float) -> None:
    with Progress(console=console) as progress:
        bar = progress.add_task("Soaking", total=minutes * 60)
        while (left := stop_at - time.perf_counter()) > 0:
            progress.update(bar, completed=minutes * 60 - left, description=f"{answers.accepted:,} accepted")
            await asyncio.sleep(min(1.0, left))


async def _balance(stack: Stack, tenant: ProvisionedTenant, answers: Answers, began: datetime) -> bool:
    """Wait until nothing waits, print the ledger, and compare it with what the clients were told."""
    databases = Databases(stack.backends, stack.settings.postgres)
    ledger = Ledger(databases.tenant(tenant.tenant_id))
    since = began.replace(second=0, microsecond=0)
    deadline = time.perf_counter() + _SETTLE_SECONDS
    while True:
        rows = await ledger.rows(since, utc_now() + timedelta(minutes=1), "minute")
        if not any(row.waiting for row in rows) or time.perf_counter() > deadline:
            break
        await asyncio.sleep(0.5)
    await databases.close()
    _print_ledger(rows)
    stored = sum(row.stored for row in rows)
    store = await create_async_client(dsn=stack.clickhouse_url)
    table = clickhouse_tables(tenant.tenant_id)["events"]
    answer = await store.query(f"SELECT count(), uniqExact(event_id) FROM {table} WHERE startsWith(event_id, 'soak-')")  # noqa: S608
    await store.close()
    in_store, distinct = answer.result_rows[0]
    told = (answers.accepted, answers.duplicates, answers.rejected)
    entered = tuple(sum(getattr(row, name) for row in rows) for name in ("accepted", "duplicates", "rejected"))
    p99 = sorted(answers.latencies_ms)[int(len(answers.latencies_ms) * 0.99)]
    console.print(
        f"{in_store:,} rows in ClickHouse, {distinct:,} ids; p99 {p99:.0f} ms; asked to slow down {answers.slowed}"
    )
    is_balanced = all(
        row.received == row.stored + row.waiting + row.duplicates + row.quarantined + row.rejected for row in rows
    )
    return is_balanced and told == entered and stored == in_store == distinct


def _print_ledger(rows: list[LedgerRow]) -> None:
    names = ("received", "stored", "waiting", "duplicates", "quarantined", "rejected")
    table = Table("minute", *names, title="Ledger")
    for row in rows:
        table.add_row(f"{row.time:%H:%M}", *(f"{getattr(row, name):,}" for name in names))
    table.add_row("", *(f"{sum(getattr(row, name) for row in rows):,}" for name in names), style="bold")
    console.print(table)


def main() -> None:
    """Run the soak from the command line; exit code 1 if the ledger does not balance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default 10)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed sends the same mix")
    arguments = parser.parse_args()
    stack = Stack(Settings())
    if not stack.status():
        raise SystemExit("The stack is not up: run `make up` first.")
    if not asyncio.run(_soak(stack, arguments.minutes, arguments.seed)):
        console.print("[red]The ledger does not balance.[/]")
        raise SystemExit(1)
    console.print("[green]The ledger balances, and every id is stored once.[/]")


if __name__ == "__main__":
    main()
