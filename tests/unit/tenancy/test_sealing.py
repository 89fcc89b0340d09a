"""Secrets at rest, and passwords of roles."""

import pytest

from schemas.backends import Backends
from tenancy.sealing import SealBrokenError, Sealer


def backends(key: bytes = b"k" * 32) -> Backends:
    return Backends("127.0.0.1", 5432, "prefer", "http://127.0.0.1:8123", key)


def test_opens_for_its_owner_alone() -> None:
    """A secret sealed for one tenant does not open for another, nor under another root secret."""
    sealer = Sealer(backends())
    sealed = sealer.seal(b"secret", "t1")
    assert sealer.open(sealed, "t1") == b"secret"
    with pytest.raises(SealBrokenError):
        sealer.open(sealed, "t2")
    with pytest.raises(SealBrokenError):
        Sealer(backends(b"x" * 32)).open(sealed, "t1")


def test_every_role_has_its_own_password() -> None:
    """Passwords follow from role and root secret, differ between both, and do not show in a repr."""
    ours = backends()
    assert ours.role_password("a") == ours.role_password("a") != ours.role_password("b")
    assert ours.role_password("a") != backends(b"x" * 32).role_password("a")
    assert "kkkk" not in repr(ours)
