"""The embedded stack as one thing: up, down, status; and the way to its databases.

The command line and the tests both use this, so that what the tests run on is what users run.
"""

import asyncio
import os
import pickle
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from secrets import token_urlsafe

import httpx
import psutil

from local import edge, postgres, ray_cluster
from local.known_file import KnownFile
from local.places import POSTGRES_USER, Places, as_root, make_private, places_of, secret_file
from local.secret_key import SecretKeyFiles
from local.supervision import Program, Supervisor
from schemas.backends import Backends
from schemas.running_digest import running_digest
from schemas.settings import Settings
from storage.clickhouse.connect import ClickHouse
from storage.clickhouse.tenant_user import has_users
from storage.postgres.admin import PostgresAdministrator, backends_at
from storage.postgres.connect import Databases
from storage.postgres.directory import DirectoryReader, TenantRecord
from telemetry.code_version import code_version
from tenancy.keys import make_key
from tenancy.provisioning import Provisioner

_START_SECONDS = 90.0
_POLL_SECONDS = 0.1
_CLICKHOUSE_NICENESS = 10
_PASSWORD_BYTES = 24

Say = Callable[[str], None]


class StackError(Exception):
    """The stack did not come up; the message says which part, and where its log is."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part of the stack: `memory_bytes` is the proportional set size of it and its children."""

    name: str
    state: str
    pid: int
    address: str
    memory_bytes: int


class Stack:
    """The stack that a set of settings describes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.places: Places = places_of(settings)
        self.supervisor = Supervisor(self.places)

    @property
    def postgres_url(self) -> str:
        """The administrator's URL of Postgres: your own server's, or the embedded one's."""
        own = self.settings.postgres_url
        return own.get_secret_value() if own else postgres.admin_url(self.settings, self.places)

    @property
    def clickhouse_url(self) -> str:
        """The URL of ClickHouse: your own server's, or the embedded engine's."""
        own = self.settings.clickhouse_url
        ports = self.settings.ports
        return own.get_secret_value() if own else f"http://{ports.host}:{ports.clickhouse}"

    @property
    def backends(self) -> Backends:
        """What the processes on a request's path may know."""
        files = SecretKeyFiles(self.places.data)
        secrets = self.settings.root_secrets or (files.current(), files.previous())
        return backends_at(self.postgres_url, self.clickhouse_url, secrets)

    @property
    def provisioner_password(self) -> str:
        """The password of the role that makes tenants: it derives from nothing that a request's path knows."""
        own = self.settings.provisioner_password
        kept = self.places.data / "provisioner.password"
        return own.get_secret_value() if own else secret_file(kept, token_urlsafe(_PASSWORD_BYTES))

    @property
    def operator_key(self) -> str:
        """This machine's own platform key; whoever can read the data folder is an operator."""
        own = self.settings.operator_key
        return own.get_secret_value() if own else secret_file(self.places.data / "operator.key", make_key("platform"))

    async def up(self, say: Say) -> None:
        """Start what does not run, and wait until every part answers.

        Raises:
            StackError: a part did not come up.
        """
        if not self.supervisor.states():
            # Ray opens its sockets to everybody: what keeps others out is the folder around them.
            for folder in (self.places.data, self.places.run.parent, self.places.run, self.places.logs):
                make_private(folder)
            self.supervisor.stop()
            ray_cluster.forget_sessions(self.places)
            if self.settings.postgres_url is None:
                await asyncio.to_thread(postgres.prepare, self.places)
            self.supervisor.start(self.programs())
        await asyncio.gather(*(self._until(name, ready, say) for name, ready in self._checks().items()))

    def down(self) -> None:
        """End everything that `up` started, and nothing else."""
        self.supervisor.stop()

    def destroy(self) -> None:
        """End the stack and delete all its data, wherever it lies."""
        self.down()
        # The data folder's companions may lie elsewhere; see `local.places`.
        for folder in (self.places.data, self.places.run.parent, self.places.postgres.parent):
            shutil.rmtree(folder, ignore_errors=True)

    def status(self) -> list[PartStatus]:
        """Measure each part."""
        addresses = self._addresses()
        return [
            PartStatus(name, info["statename"].lower(), info["pid"], addresses[name], _memory_bytes(info["pid"]))
            for name, info in self.supervisor.states().items()
        ]

    @asynccontextmanager
    async def provisioner(self) -> AsyncIterator[Provisioner]:
        """Borrow what makes tenants on this stack's databases."""
        administrator = PostgresAdministrator(self.postgres_url, self.backends)
        provisioner = Provisioner(administrator, self.backends, self.settings, self.provisioner_password)
        try:
            yield provisioner
        finally:
            await provisioner.close()

    async def prepare(self, say: Say) -> None:
        """Bring all databases up to what this code and the directory say, and deploy.

        A rotation of the root secret that was broken off is finished: roles have the passwords of both root secrets.

        Raises:
            StackError: the apps did not become ready.
        """
        files = SecretKeyFiles(self.places.data)
        async with self.provisioner() as provisioner:
            await provisioner.prepare_platform()
            await provisioner.keep_operator_key(self.operator_key)
            if files.is_rotating:
                await provisioner.renew_passwords()
            say("Bringing the tenants' databases up to date")
            await provisioner.renew_tenants()
        await self.deploy(say)
        if files.is_rotating:
            await self.rotate_secret(say)

    async def rotate_secret(self, say: Say) -> tuple[int, int]:
        """Take a new root secret; give how many tenants' passwords and sealed secrets were renewed.

        Raises:
            ValueError: the root secret is in the settings, and the one before is not.
            StackError: what runs could not be deployed anew.
        """
        files = SecretKeyFiles(self.places.data)
        if self.settings.secret_key is None:
            files.begin_rotation()
        elif self.settings.secret_key_previous is None:
            raise ValueError("Set UNMOGROW_SECRET_KEY to the new root secret, UNMOGROW_SECRET_KEY_PREVIOUS to the old.")
        say("Setting passwords anew")
        async with self.provisioner() as provisioner:
            await provisioner.renew_passwords()
        await self.deploy(say)
        say("Sealing secrets anew")
        async with self.provisioner() as provisioner:
            # What the processes before made and sealed meanwhile, they made and sealed under the root secret before.
            renewed = await provisioner.renew_passwords(), await provisioner.seal_anew()
        files.end_rotation()
        return renewed

    async def tenants(self) -> tuple[TenantRecord, ...]:
        """List the tenants that can be served."""
        databases = Databases(self.backends, self.settings.postgres)
        try:
            return (await DirectoryReader(databases.control()).rows()).tenants
        finally:
            await databases.close()

    async def deploy(self, say: Say) -> None:
        """Deploy the product's apps, unless this very code runs with these very settings; wait until they are ready.

        Raises:
            StackError: they did not become ready.
        """
        backends = await self._known_backends()
        digest = self._running_digest(backends)
        deployed = self.places.run / "deployed"
        if deployed.exists() and deployed.read_text(encoding="ascii") == digest and await self._is_served():
            return
        say("Deploying the planes and the attribution pool")
        await self._deploy(backends)
        await self._until("the tenant plane", self._is_served, say)
        deployed.write_text(digest, encoding="ascii")

    async def _known_backends(self) -> Backends:
        """Find out what only the servers know."""
        store = ClickHouse(self.backends, self.settings.clickhouse)
        try:
            return replace(self.backends, clickhouse_has_users=await has_users(store))
        finally:
            await store.close()

    async def _deploy(self, backends: Backends) -> None:
        """Deploy from a process of its own: Ray reads its environment once, when it is imported."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "local.deploy",
            env=os.environ | ray_cluster.driver_environment(self.places),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        # Folders are named by their full paths: processes of Ray run elsewhere.
        folders = {"data_dir": self.places.data, "lake_url": self.settings.lake_address}
        # The administrators' URLs stay here: what runs on a request's path never has them.
        stripped = self.settings.without_credentials().model_copy(update=folders)
        known = KnownFile(self.places.data / "known")
        known.write(backends, stripped)
        _, said = await process.communicate(pickle.dumps((known, self.provisioner_password)))
        if process.returncode:
            log = self.places.logs / "deploy.log"
            log.write_bytes(said)
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise StackError(f"The apps could not be deployed: {last} (the whole story is in {log})")

    def _running_digest(self, backends: Backends) -> str:
        processes = [f"{process.pid}/{process.create_time()}" for process in self._ray_process()]
        return running_digest(backends, self.settings, code_version(), *processes)

    def _ray_process(self) -> list[psutil.Process]:
        info = self.supervisor.states().get("ray")
        return [psutil.Process(info["pid"])] if info and info["pid"] else []

    def _checks(self) -> dict[str, Callable[[], Awaitable[bool]]]:
        checks: dict[str, Callable[[], Awaitable[bool]]] = {"ray": self._is_ray_up, "edge": self._is_edge_up}
        if self.settings.postgres_url is None:
            checks["postgres"] = lambda: postgres.is_ready(self.settings, self.places)
        if self.settings.clickhouse_url is None:
            checks["clickhouse"] = self._is_clickhouse_up
        return checks

    async def _until(self, name: str, ready: Callable[[], Awaitable[bool]], say: Say) -> None:
        waits = False
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not await ready():
                    if not waits:
                        say(f"Starting {name}")
                        waits = True
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError as error:
            raise StackError(f"{name} did not start; see {self.places.logs}, and `unmogrow doctor`.") from error

    async def _is_clickhouse_up(self) -> bool:
        return await _answers(f"{self.clickhouse_url}/ping")

    async def _is_ray_up(self) -> bool:
        host = self.settings.ports.host
        return all([await _accepts(host, port) for port in ray_cluster.ports_when_ready(self.settings)])

    async def _is_edge_up(self) -> bool:
        return await _accepts(self.settings.ports.host, self.settings.ports.tenant)

    async def _is_served(self) -> bool:
        host, ports = self.settings.ports.host, self.settings.ports
        urls = (f"http://{host}:{ports.tenant}/readyz", f"http://{host}:{ports.global_}/readyz")
        return all(await asyncio.gather(*map(_answers, urls)))

    def _addresses(self) -> dict[str, str]:
        ports = self.settings.ports
        return {
            "postgres": f"{ports.host}:{ports.postgres}",
            "clickhouse": f"{ports.host}:{ports.clickhouse}",
            "ray": f"{ports.host}:{ports.ray} (Serve {ports.serve})",
            "edge": f"{ports.host}:{ports.tenant}, {ports.global_}",
        }

    def programs(self) -> list[Program]:
        """List the processes to keep alive: the embedded servers only where no URL names another."""
        programs = []
        if self.settings.postgres_url is None:
            # INT ends sessions and shuts down cleanly; TERM would wait for every client to leave. On a busy disk its
            # last checkpoint takes long; killed over that, its servers hold its memory when the next one starts.
            user = POSTGRES_USER if as_root() else None
            command, environment = postgres.command(self.settings, self.places), postgres.environment()
            programs.append(Program("postgres", command, environment, user, stop_signal="INT", stop_seconds=30))
        if self.settings.clickhouse_url is None:
            programs.append(Program("clickhouse", self._clickhouse_command()))
        # A head keeps nothing, and asked to end while it still starts it does not hear.
        ray, environment = (
            ray_cluster.command(self.settings, self.places),
            ray_cluster.environment(self.settings, self.places),
        )
        programs.append(Program("ray", ray, environment, stop_signal="KILL"))
        programs.append(Program("edge", edge.command(), edge.environment(self.settings, self.places)))
        return programs

    def _clickhouse_command(self) -> list[str]:
        return [
            # Accepting events goes before storing them: what waits for its turn is safe in the spool.
            *("nice", "-n", str(_CLICKHOUSE_NICENESS)),
            sys.executable,
            "-m",
            "local.clickhouse_server",
            f"--host={self.settings.ports.host}",
            f"--port={self.settings.ports.clickhouse}",
            f"--data-dir={self.places.clickhouse}",
            f"--max-memory-bytes={self.settings.memory.clickhouse_bytes}",
        ]


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            return (await client.get(url)).status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


async def _accepts(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


def _memory_bytes(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(member.memory_full_info().pss for member in family)
    except psutil.Error:
        return 0
