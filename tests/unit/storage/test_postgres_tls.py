"""How Postgres is spoken to by TLS, as its URL says."""

import ssl
from pathlib import Path

import pytest

from schemas.backends import Backends
from storage.postgres.admin import server_address
from storage.postgres.connect import tls_of


def backends(url: str) -> Backends:
    """Take what the request path may know from an administrator's URL."""
    host, port, mode, authorities = server_address(url)
    return Backends(host, port, mode, "", b"", postgres_ca=authorities)


@pytest.mark.parametrize(("mode", "checks_name"), [("verify-full", True), ("verify-ca", False)])
def test_modes_that_verify(mode: str, checks_name: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """The certificate must be signed by an authority of the system's, and in verify-full name the host."""
    for authorities in ("", "&sslrootcert=system"):
        context = tls_of(backends(f"postgresql://u:p@db.example/postgres?sslmode={mode}{authorities}"))
        assert isinstance(context, ssl.SSLContext)
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, checks_name)
        assert context.cert_store_stats()["x509_ca"] == ssl.create_default_context().cert_store_stats()["x509_ca"]


def test_authorities_that_are_named(tmp_path: Path) -> None:
    """A file of authorities that cannot be read is an error, and never a connection without them."""
    named = backends(f"postgresql://u:p@db.example/postgres?sslmode=verify-full&sslrootcert={tmp_path / 'none.pem'}")
    with pytest.raises(FileNotFoundError):
        tls_of(named)


@pytest.mark.parametrize("mode", ["disable", "prefer", "require"])
def test_modes_that_do_not_verify(mode: str) -> None:
    """The other modes are the driver's own; without one it is `prefer`."""
    assert tls_of(backends(f"postgresql://u:p@db.example/postgres?sslmode={mode}")) == mode
    assert tls_of(backends("postgresql://u:p@db.example/postgres")) == "prefer"
