"""What the command line keeps of tenants."""

from pathlib import Path

import pytest

from cli.credentials import Credentials, CredentialsMissingError, load_credentials, save_credentials


def test_only_the_owner_reads_them(tmp_path: Path) -> None:
    """The file has mode 600 from its first byte on, and gives back what was kept."""
    credentials = Credentials("t1", "t1.localhost", "wk_1", "a@example.com", "secret")
    path = save_credentials(tmp_path, credentials)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_credentials(tmp_path, "t1") == credentials
    assert "secret" not in repr(credentials)


def test_an_unknown_tenant_is_said_to_be_one(tmp_path: Path) -> None:
    """The message names the tenant, and what to pass instead."""
    with pytest.raises(CredentialsMissingError, match=r"t2.*--write-key"):
        load_credentials(tmp_path, "t2")
