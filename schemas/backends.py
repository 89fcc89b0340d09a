"""Where the databases are, as the request path may know it: without any administrator's credentials."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Backends:
    """Addresses of the stores, and the root secret from which each role's own password derives.

    `postgres_tls` is libpq's sslmode; `postgres_ca` the file of the authorities that verify-ca and verify-full trust,
    empty for the system's.
    """

    postgres_host: str
    postgres_port: int
    postgres_tls: str
    clickhouse_url: str = field(repr=False)
    secret_key: bytes = field(repr=False)
    postgres_ca: str = ""

    def derive(self, purpose: str) -> bytes:
        """Derive 32 bytes for one purpose (HMAC-SHA256 of the purpose's name under the root secret).

        Passwords derived so need no table of their own, and knowing one tells nothing of another.
        """
        return hmac.digest(self.secret_key, purpose.encode(), hashlib.sha256)

    def role_password(self, role: str) -> str:
        """Password of a Postgres role or a ClickHouse user."""
        return base64.urlsafe_b64encode(self.derive(f"password:{role}")).decode().rstrip("=")
