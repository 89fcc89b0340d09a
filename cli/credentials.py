"""What the command line keeps of a tenant it made: one file each, readable by its owner alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from storage.private_file import write_private_file


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach a tenant: to send events, and to read results."""

    tenant_id: str
    host: str
    write_key: str = field(repr=False)
    email: str
    password: str | None = field(repr=False)


class CredentialsMissingError(Exception):
    """The command line does not know this tenant."""

    def __init__(self, tenant_id: str) -> None:
        super().__init__(
            f"No credentials of tenant {tenant_id} here. Pass --write-key (or --email and --password), "
            f"or make the tenant with `unmogrow tenant create {tenant_id} --host ...`."
        )


def write_private(path: Path, document: Mapping[str, object]) -> None:
    """Write JSON that only its owner can read, whole or not at all."""
    write_private_file(path, orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def credentials_path(data_dir: Path, tenant_id: str) -> Path:
    """Say where a tenant's credentials are kept."""
    return data_dir / "tenants" / f"{tenant_id}.json"


def save_credentials(data_dir: Path, credentials: Credentials) -> Path:
    """Keep a tenant's credentials; return the file."""
    path = credentials_path(data_dir, credentials.tenant_id)
    write_private(path, asdict(credentials))
    return path


def forget_credentials(data_dir: Path, tenant_id: str) -> None:
    """Forget a tenant that is gone."""
    credentials_path(data_dir, tenant_id).unlink(missing_ok=True)


def load_credentials(data_dir: Path, tenant_id: str) -> Credentials:
    """Read what was kept.

    Raises:
        CredentialsMissingError: nothing was.
    """
    path = credentials_path(data_dir, tenant_id)
    if not path.exists():
        raise CredentialsMissingError(tenant_id)
    return Credentials(**orjson.loads(path.read_bytes()))


def operator_key_path(data_dir: Path) -> Path:
    """Say where this machine's own platform key is kept, which `up` makes."""
    return data_dir / "operator.key"
