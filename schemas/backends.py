"""Where the databases are, as the request path may know it: without any administrator's credentials."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Backends:
    """Addresses of the stores, and the root secret from which each role's own password derives.

    `postgres_tls` is libpq's sslmode; `postgres_ca` the file of the authorities that verify-ca and verify-full trust,
    empty for the system's. With the root secret before the last rotation, what was sealed under it can still be read.
    Where ClickHouse has users, each tenant is one.
    """

    postgres_host: str
    postgres_port: int
    postgres_tls: str
    clickhouse_url: str = field(repr=False)
    secret_key: bytes = field(repr=False)
    postgres_ca: str = ""
    secret_key_previous: bytes | None = field(default=None, repr=False)
    clickhouse_has_users: bool = False

    def derive(self, purpose: str) -> bytes:
        """Derive 32 bytes for one purpose (HMAC-SHA256 of the purpose's name under the root secret).

        Passwords derived so need no table of their own, and knowing one tells nothing of another.
        """
        return hmac.digest(self.secret_key, purpose.encode(), hashlib.sha256)

    def previous(self) -> "tuple[Backends, ...]":
        """Give the same with the root secret before, if it is known."""
        if self.secret_key_previous is None:
            return ()
        return (replace(self, secret_key=self.secret_key_previous, secret_key_previous=None),)

    def role_password(self, role: str) -> str:
        """Password of a Postgres role or a ClickHouse user."""
        return base64.urlsafe_b64encode(self.derive(f"password:{role}")).decode().rstrip("=")
