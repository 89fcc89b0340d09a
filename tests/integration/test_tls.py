"""TLS to the databases: each client asks for the certificate that its URL says, and talks to nobody else."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from storage.clickhouse.connect import ClickHouse, StoreAwayError
from storage.names import CONTROL_DATABASE
from storage.postgres.admin import PostgresAdministrator, server_address
from storage.postgres.connect import Database
from tests.certificates import Authority
from tests.crash.relay import Relay
from tests.stack_fixtures import RunningStack

pytestmark = pytest.mark.anyio

_SSL_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])
"""How a client of Postgres asks for TLS (its protocol, 54.7); a server that speaks it says S."""


@asynccontextmanager
async def tls_before(port: int, certificate: Path, *, is_postgres: bool = False) -> AsyncIterator[int]:
    """Have a server of this machine, which speaks in clear, speak TLS 1.2 or newer on a port of its own; give that."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    relay = Relay("127.0.0.1", port)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            try:
                if is_postgres:
                    assert await reader.readexactly(len(_SSL_REQUEST)) == _SSL_REQUEST
                    writer.write(b"S")
                await writer.start_tls(context)
            except (OSError, EOFError):
                # A client that does not like the certificate leaves.
                return
            await relay.carry(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    """Make the authority that the servers' certificate is of, and another."""
    folder = tmp_path_factory.mktemp("tls")
    return Authority.new(folder), Authority.new(folder, "other")


async def test_clickhouse_by_https(running: RunningStack, authorities: tuple[Authority, Authority]) -> None:
    """With its authority it is asked; with the system's, with another, or by a name that is not its own it is not."""
    ours, others = authorities
    settings = running.stack.settings
    async with tls_before(settings.ports.clickhouse, ours.issue("localhost")) as port:

        async def answers(url: str) -> bool:
            store = ClickHouse(replace(running.stack.backends, clickhouse_url=url), settings.clickhouse)
            try:
                await store.ping()
            except StoreAwayError:
                return False
            finally:
                await store.close()
            return True

        assert await answers(f"https://localhost:{port}?ca_cert={ours.file}")
        refused = (
            f"https://localhost:{port}",
            f"https://localhost:{port}?ca_cert={others.file}",
            f"https://127.0.0.1:{port}?ca_cert={ours.file}",
        )
        assert [await answers(url) for url in refused] == [False] * 3


async def test_postgres_by_tls(running: RunningStack, authorities: tuple[Authority, Authority]) -> None:
    """`verify-full` asks for authority and name, `verify-ca` for the authority: roles and administrator alike."""
    ours, others = authorities
    settings, own = running.stack.settings, running.stack.postgres_url
    async with tls_before(settings.ports.postgres, ours.issue("localhost"), is_postgres=True) as port:

        async def answers(host: str, mode: str, authority: Authority | None) -> tuple[bool, bool]:
            root = f"&sslrootcert={authority.file}" if authority else ""
            url = f"{own.rpartition('@')[0]}@{host}:{port}/postgres?sslmode={mode}{root}"
            name, number, tls, authorities = server_address(url)
            backends = replace(
                running.stack.backends,
                postgres_host=name,
                postgres_port=number,
                postgres_tls=tls,
                postgres_ca=authorities,
            )
            database = Database(backends, settings.postgres, CONTROL_DATABASE)
            try:
                await database.ping()
            except OSError:
                role = False
            else:
                role = True
            finally:
                await database.close()
            try:
                await PostgresAdministrator(url, backends).ensure_control()
            except OSError:
                return role, False
            return role, True

        assert await answers("localhost", "verify-full", ours) == (True, True)
        assert await answers("127.0.0.1", "verify-ca", ours) == (True, True)
        assert await answers("127.0.0.1", "verify-full", ours) == (False, False)
        assert await answers("localhost", "verify-full", others) == (False, False)
