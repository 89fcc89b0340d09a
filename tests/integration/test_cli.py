"""The `unmogrow` command against the real stack: called in this process, and as a process where signals matter."""

import asyncio
import gzip
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard
from typer.testing import CliRunner

from cli.credentials import Credentials, save_credentials
from cli.main import app
from storage.postgres.connect import Databases
from storage.spool.layout import Layout
from tenancy.provisioning import ProvisionedTenant
from tests.stack_fixtures import RunningStack, environment_of, event, eventually, ndjson, stored_ids

pytestmark = pytest.mark.anyio


def environment(running: RunningStack) -> dict[str, str]:
    return environment_of(running.stack.settings) | {"COLUMNS": "200", "NO_COLOR": "1"}


async def start(running: RunningStack, *arguments: str, **options: Any) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("unmogrow"),
        *arguments,
        env=os.environ | environment(running),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        **options,
    )


async def run(running: RunningStack, *arguments: str, stdin: bytes | None = None) -> tuple[int, str]:
    """Run to the end in this process, which has long been started; give the exit code and all that was printed."""
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments, input=stdin, env=environment(running))
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    return done.exit_code, done.stdout + done.stderr


@pytest.fixture
def known(running: RunningStack, tenant: ProvisionedTenant) -> ProvisionedTenant:
    """Make the command line know the tenant, as if it had made it."""
    credentials = Credentials(
        tenant.tenant_id, tenant.host, tenant.write_key, tenant.owner_email, tenant.owner_password
    )
    path = save_credentials(running.stack.settings.data_dir, credentials)
    assert path.stat().st_mode & 0o077 == 0
    return tenant


@pytest.mark.parametrize(
    "command",
    [
        *("", "up", "down", "status", "doctor", "ingest", "import", "tail", "demo load"),
        *("tenant create", "tenant list", "tenant limits", "link create", "link list", "rejected replay", "schema put"),
        *("tenant show", "tenant suspend", "tenant resume", "tenant delete", "secrets rotate"),
        *("platform-key create", "platform-key list", "platform-key revoke"),
        *("recompute", "person show", "person unlink", "policy show", "policy set", "policy adopt", "policy diff"),
        *("user invite", "user list", "user role", "user remove", "user reset", "key create", "key list", "key revoke"),
        *("audit", "tenant rotate-keys", "retrain", "model list", "model show", "model promote", "model rollback"),
    ],
)
async def test_help_teaches(running: RunningStack, command: str) -> None:
    """Every command explains itself."""
    code, text = await run(running, *command.split(), "--help")
    assert code == 0
    assert len(text) > 200


async def test_is_a_command(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Installed under its name, with an exit code; what is for people is on stderr, stdout is for programs."""
    listing = await start(running, "tenant", "list")
    wrong = await start(running, "tenant", "create", "T-1", "--host", "cli1.localhost")
    (listed, complaint), (nothing, error) = await asyncio.gather(listing.communicate(), wrong.communicate())
    assert (listing.returncode, b"Traceback" in complaint) == (0, False)
    assert (wrong.returncode, nothing, b"lower-case" in error, b"Traceback" in error) == (1, b"", True, False)
    assert (listed, tenant.tenant_id in complaint.decode()) == (b"", True)


async def test_makes_a_tenant(running: RunningStack) -> None:
    """A tenant whose key works at once; again it is the same tenant; contradictions fail with a sentence."""
    arguments = ("tenant", "create", "tcli1", "--host", "cli1.localhost")
    code, text = await run(running, *arguments, "--json")
    assert code == 0
    made = json.loads(text.splitlines()[0])
    assert made["write_key"].startswith("wk_")
    code, text = await run(running, "ingest", "-", "--tenant", "tcli1", stdin=ndjson([event()]))
    assert (code, "accepted    1" in text) == (0, True), text
    assert (await run(running, *arguments))[0] == 0
    assert "tcli1" in (await run(running, "tenant", "list"))[1]
    for wrong, word in (("tcli2", "belongs to another tenant"), ("T-1", "lower-case")):
        code, text = await run(running, "tenant", "create", wrong, "--host", "cli1.localhost")
        assert (code, word in text) == (1, True), text


async def test_sets_shards(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """4 as asked for and 4 in the tenant's own database; other limits leave them; 17 and an unknown tenant fail."""
    for arguments in (("--shards", "4"), ("--events-per-day", "1000000")):
        code, _ = await run(running, "tenant", "limits", tenant.tenant_id, *arguments)
        assert code == 0
    (record,) = [each for each in await running.stack.tenants() if each.tenant_id == tenant.tenant_id]
    databases = Databases(running.stack.backends, running.stack.settings.postgres)
    shards = await Layout(databases.tenant(tenant.tenant_id)).shards()
    await databases.close()
    assert (record.shards, shards, record.events_per_day) == (4, 4, 1_000_000)
    assert (await run(running, "tenant", "limits", tenant.tenant_id, "--shards", "17"))[0] == 2
    assert (await run(running, "tenant", "limits", "tnobody", "--shards", "2"))[0] == 1


async def test_a_life_by_command(running: RunningStack, tenant: ProvisionedTenant) -> None:
    """Suspended, shown, resumed, deleted with an archive, unknown from then on; a typing error deletes nothing."""
    name = tenant.tenant_id
    assert (await run(running, "tenant", "suspend", name))[0] == 0
    code, text = await run(running, "tenant", "show", name)
    assert (code, json.loads(text)["state"]) == (0, "suspended")
    assert (await run(running, "tenant", "resume", name))[0] == 0
    assert (await run(running, "tenant", "delete", name, stdin=b"other\n"))[0] == 1
    code, text = await run(running, "tenant", "delete", name, "--yes")
    assert (code, f"Its archive is {name}-" in text) == (0, True), text
    assert (await run(running, "tenant", "show", name))[0] == 1


async def test_platform_keys_by_command(running: RunningStack) -> None:
    """The key alone on stdout, once; listed without it; after its revocation it is refused."""
    code, text = await run(running, "platform-key", "create", "cli", "--scope", "tenants", "--json")
    made = json.loads(text.splitlines()[0])
    assert (code, made["scopes"]) == (0, ["tenants"])
    code, text = await run(running, "platform-key", "list")
    assert (code, made["key_id"] in text, made["key"] in text) == (0, True, False)
    assert (await run(running, "platform-key", "revoke", made["key_id"]))[0] == 0

    async def is_refused() -> bool:
        return (await run(running, "tenant", "list", "--platform-key", made["key"]))[0] == 1

    await eventually(is_refused)


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
async def test_sends_a_file(running: RunningStack, known: ProvisionedTenant, tmp_path: Path, suffix: str) -> None:
    """All of a file's events, whatever it is packed with; sent again, all are duplicates."""
    events = [event() for _ in range(3_000)]
    rows = ndjson(events)
    file = tmp_path / f"events.ndjson{suffix}"
    file.write_bytes({"": rows, ".gz": gzip.compress(rows), ".zst": zstandard.compress(rows)}[suffix])
    code, text = await run(running, "ingest", str(file), "--tenant", known.tenant_id)
    assert (code, "accepted    3,000" in text) == (0, True), text
    code, text = await run(running, "ingest", str(file), "--tenant", known.tenant_id)
    assert (code, "duplicates  3,000" in text) == (0, True), text


async def test_tells_why_events_were_rejected(running: RunningStack, known: ProvisionedTenant) -> None:
    """Exit 1, and the field and the reason of each fault."""
    rows = ndjson([event(), event(foo=1), event("purchase", revenue="much")])
    code, text = await run(running, "ingest", "-", "--tenant", known.tenant_id, stdin=rows)
    assert code == 1
    assert "/foo" in text
    assert "properties" in text
    assert "/revenue" in text


async def test_mends_what_was_rejected(running: RunningStack, known: ProvisionedTenant, tmp_path: Path) -> None:
    """Counted, listed, tried, mended and stored; then nothing waits any more."""
    path = tmp_path / "events.ndjson"
    wrong = [event("purchase", currency="euro") for _ in range(3)]
    path.write_bytes(ndjson([event(), *wrong]))
    await run(running, "ingest", str(path), "--tenant", known.tenant_id)
    whose = ("--tenant", known.tenant_id)
    code, said = await run(running, "rejected", "counts", *whose)
    assert (code, "/currency" in said, "purchase" in said) == (0, True, True)
    code, said = await run(running, "rejected", "list", *whose)
    assert {json.loads(line)["event_id"] for line in said.splitlines()} == {each["event_id"] for each in wrong}
    fix = ("--type", "purchase", "--patch", '{"currency":"EUR"}')
    code, said = await run(running, "rejected", "replay", *whose, *fix, "--dry-run")
    assert (code, said.startswith("would be accepted 3")) == (0, True)
    code, said = await run(running, "rejected", "replay", *whose, *fix)
    assert (code, said.startswith("accepted 3")) == (0, True)
    code, said = await run(running, "rejected", "counts", *whose)
    assert (code, "Nothing waits" in said) == (0, True)

    async def all_there() -> bool:
        return len(await stored_ids(running, known)) == 4

    await eventually(all_there)
    code, said = await run(running, "rejected", "replay", *whose, "--patch", "{")
    assert (code, "not JSON" in said) == (2, True)


async def test_imports_a_file(running: RunningStack, known: ProvisionedTenant, tmp_path: Path) -> None:
    """A summary and the first reasons, dry and for good; exit 1 and a sentence if it failed."""
    file = tmp_path / "events.csv"
    events = [event(event_name="x", event_type="in_app") for _ in range(20)]
    header = "id,event_type,event_time,event_name\n"
    rows = [f"{each['event_id']},in_app,{each['event_time']},{each['event_name']}\n" for each in events]
    file.write_text(header + "".join(rows) + "bad,in_app,never,x\n", encoding="ascii")
    arguments = ("import", str(file), "--tenant", known.tenant_id, "--mapping", "id=event_id")
    code, text = await run(running, *arguments, "--dry-run")
    assert (code, "nothing was stored" in text, "accepted    20" in text) == (0, True, True), text
    code, text = await run(running, *arguments)
    assert (code, "accepted    20" in text, "/event_time" in text) == (0, True, True), text
    code, text = await run(running, "import", str(file), "--tenant", known.tenant_id, "--format", "parquet")
    assert (code, "not a Parquet file" in text) == (1, True), text
    code, text = await run(running, "import", str(file), "--tenant", known.tenant_id, "--mapping", "id")
    assert (code, "not column=field" in text) == (2, True), text


async def test_ends_the_watching_of_an_import(running: RunningStack, known: ProvisionedTenant, tmp_path: Path) -> None:
    """Ctrl-C says how to look again; done so, the import has gone on to its end."""
    file = tmp_path / "events.ndjson"
    events = [event() for _ in range(100_000)]
    file.write_bytes(ndjson(events))
    process = await start(running, "import", str(file), "--tenant", known.tenant_id)
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"in the background" not in await process.stderr.readline():
            pass
    process.send_signal(signal.SIGINT)
    said = b"".join(await process.communicate()).decode()
    assert process.returncode == 130
    assert "Look again" in said, said
    code, text = await run(running, *said.partition("unmogrow ")[2].split())
    assert (code, "accepted    100,000" in text) == (0, True), text


async def test_goes_on_after_a_break(running: RunningStack, known: ProvisionedTenant, tmp_path: Path) -> None:
    """Killed in the middle of a file and run again, it goes on where it stopped, and every event is stored once."""
    events = [event() for _ in range(60_000)]
    file = tmp_path / "events.ndjson"
    file.write_bytes(ndjson(events))
    first = await start(running, "ingest", str(file), "--tenant", known.tenant_id)
    uploads = running.stack.settings.data_dir / "uploads"

    async def begun() -> bool:
        return any(uploads.glob("*.json"))

    await eventually(begun)
    first.send_signal(signal.SIGKILL)
    await first.communicate()
    code, text = await run(running, "ingest", str(file), "--tenant", known.tenant_id)
    assert (code, "Going on after the first" in text) == (0, True), text

    async def all_stored() -> bool:
        return len(await stored_ids(running, known)) == len(events)

    await eventually(all_stored)
    assert sorted(await stored_ids(running, known)) == sorted(each["event_id"] for each in events)
    assert not any(uploads.iterdir())


async def test_says_who_is_unknown(running: RunningStack, tmp_path: Path) -> None:
    """A sentence and exit 1 or 2 for a tenant without credentials and for a file that is not there."""
    file = tmp_path / "e.ndjson"
    file.touch()
    code, text = await run(running, "ingest", str(file), "--tenant", "tnobody")
    assert (code, "No credentials of tenant tnobody" in text) == (1, True)
    code, text = await run(running, "ingest", str(tmp_path / "missing"), "--tenant", "t1", "--write-key", "wk_x")
    assert (code, "there is no file" in text) == (2, True)


async def test_watches_events(running: RunningStack, known: ProvisionedTenant) -> None:
    """`tail --json` prints an event that is sent while it runs."""
    tail = await start(running, "tail", "--tenant", known.tenant_id, "--json")
    assert tail.stdout is not None
    seen: asyncio.Task[bytes] = asyncio.create_task(tail.stdout.readline())
    async with asyncio.timeout(60):
        while not seen.done():
            sent = ndjson([event(media_source="watched")])
            await run(running, "ingest", "-", "--tenant", known.tenant_id, stdin=sent)
            await asyncio.wait([seen], timeout=1)
    assert json.loads(seen.result())["media_source"] == "watched"
    tail.send_signal(signal.SIGINT)
    await tail.communicate()


async def test_loads_demo_data(running: RunningStack, known: ProvisionedTenant, tmp_path: Path) -> None:
    """Paths come back as the file's own totals; the invented journeys keep their truth, and load once."""
    rows = [f"{'a > b > c' if n % 2 else 'c > a'};{n};{n}.25;{n % 3}" for n in range(1, 31)]
    file = tmp_path / "paths.csv"
    file.write_text("\n".join(["path;total_conversions;total_conversion_value;total_null", *rows]), encoding="ascii")
    code, text = await run(running, "demo", "load", "--tenant", known.tenant_id, "--paths", str(file))
    assert code == 0, text
    code, text = await run(running, "demo", "load", "--tenant", known.tenant_id)
    assert code == 0, text
    assert json.loads((running.stack.settings.data_dir / "demo" / "truth.json").read_bytes())["seed"]
    code, text = await run(running, "demo", "load", "--tenant", known.tenant_id)
    assert "accepted    0" in text


async def test_says_what_runs(running: RunningStack) -> None:
    """`status` lists the parts, and `doctor` finds nothing wrong with this machine."""
    code, text = await run(running, "status")
    assert code == 0
    assert all(part in text for part in ("clickhouse", "postgres", "ray", "edge"))
    assert (await run(running, "doctor"))[0] == 0


async def test_makes_a_link(running: RunningStack, known: ProvisionedTenant) -> None:
    """The address of a new link, which is then listed; what is wrong with one is told by field."""
    tenant = ("--tenant", known.tenant_id)
    create = ("link", "create", *tenant, "--media-source", "newsletter")
    code, text = await run(running, *create, "--id", "spring", "--web", "https://a.example", "--field", "sub1=x")
    assert (code, text.strip().endswith("/c/spring")) == (0, True), text
    code, text = await run(running, "link", "list", *tenant, "--json")
    (made,) = json.loads(text.splitlines()[0])
    assert (made["link_id"], made["media_source"], made["sub1"]) == ("spring", "newsletter", "x")
    assert "newsletter" in (await run(running, "link", "list", *tenant))[1]
    for wrong, word in (
        (("--web", "javascript:alert(1)"), "/web_url"),
        (("--id", "spring", "--web", "https://a.example"), "Choose another id"),
        (("--field", "sub1"), "name=value"),
    ):
        code, text = await run(running, *create, *wrong)
        assert (code, word in text) == (1, True), text


async def test_users(running: RunningStack, known: ProvisionedTenant) -> None:
    """Who is invited gets a link, is listed, changes roles and is removed; the last owner stays; all is in the log."""
    on = ("--tenant", known.tenant_id)
    code, text = await run(running, "user", "invite", "ann@example.com", "--role", "analyst", *on)
    assert (code, f"http://{known.host}" in text, "#/accept?token=" in text) == (0, True, True)
    for arguments in (
        ("role", "ANN@example.com", "viewer"),
        ("reset", "ann@example.com"),
        ("remove", "ann@example.com"),
    ):
        code, text = await run(running, "user", *arguments, *on)
        assert code == 0, text
    code, text = await run(running, "user", "remove", known.owner_email, *on)
    assert (code, "owner" in text) == (1, True)
    code, text = await run(running, "user", "role", "bob@example.com", "viewer", *on)
    assert (code, "no user bob@example.com" in text) == (1, True)
    code, text = await run(running, "user", "list", *on, "--json")
    assert [user["email"] for user in json.loads(text)] == [known.owner_email]
    code, text = await run(running, "audit", *on, "--json", "--limit", "20")
    actions = [entry["action"] for entry in json.loads(text) if entry["action"].startswith("user.")]
    assert actions == ["user.remove", "user.reset", "user.role", "user.invite"]
    code, text = await run(running, "audit", *on, "--action", "user.role", "--actor", known.owner_email)
    assert (code, "role=viewer" in text) == (0, True)


async def test_keys(running: RunningStack, known: ProvisionedTenant) -> None:
    """A key is printed once, listed without itself, revoked; the tenant's token keys are rotated, once at a time."""
    on = ("--tenant", known.tenant_id)
    code, text = await run(running, "key", "create", "warehouse", "--scope", "read", *on, "--json")
    made = json.loads(text)
    assert (code, made["key"][:3], made["scopes"]) == (0, "sk_", ["read"])
    code, text = await run(running, "key", "list", *on)
    assert (made["key_prefix"] in text, made["key"] in text, "warehouse" in text) == (True, False, True)
    assert (await run(running, "key", "revoke", made["key_id"], *on))[0] == 0
    code, text = await run(running, "key", "revoke", made["key_id"], *on)
    assert (code, "key" in text) == (1, True)
    assert (await run(running, "tenant", "rotate-keys", known.tenant_id))[0] == 0
    code, text = await run(running, "tenant", "rotate-keys", known.tenant_id)
    assert (code, "does not sign yet" in text) == (1, True)
    assert (await run(running, "tenant", "rotate-keys", known.tenant_id, "--at-once"))[0] == 0
