"""Secrets at rest, and passwords of roles."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

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


def test_opens_what_was_sealed_before_a_rotation() -> None:
    """Under the root secret before, or without a key's id at all; then it is not current, and sealed anew it is."""
    old, new = Sealer(backends()), Sealer(replace(backends(b"n" * 32), secret_key_previous=b"k" * 32))
    nonce = b"\x01" + b"n" * 11
    legacy = nonce + AESGCM(backends().derive("seal")).encrypt(nonce, b"secret", b"t1")
    for sealed in (old.seal(b"secret", "t1"), legacy):
        assert new.open(sealed, "t1") == b"secret"
        assert not new.is_current(sealed)
        with pytest.raises(SealBrokenError):
            new.open(sealed, "t2")
    assert new.is_current(new.seal(b"secret", "t1"))
    for broken in (b"", b"\x01", old.seal(b"secret", "t1")[:-1]):
        with pytest.raises(SealBrokenError):
            new.open(broken, "t1")
