"""Passwords as they are kept."""

import pytest

from schemas.access_settings import AuthSettings
from tenancy.passwords import Passwords


@pytest.fixture
def anyio_backend() -> str:
    """Everything here runs on asyncio."""
    return "asyncio"


@pytest.mark.anyio
async def test_argon2id_with_what_the_settings_say() -> None:
    """Argon2id in OWASP's strength; salted; a hash of other parameters verifies, and is to be renewed."""
    passwords, weaker = Passwords(AuthSettings()), Passwords(AuthSettings(argon2_memory_kib=64, argon2_passes=1))
    kept = await passwords.hash("a river")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept != await passwords.hash("a river")
    old = await weaker.hash("a river")
    assert (passwords.outdated(kept), passwords.outdated(old)) == (False, True)
    tried = [("a river", kept), ("a river", old), ("a rivér", kept), ("a river", None), ("a river", "no hash")]
    assert [await passwords.verify(*each) for each in tried] == [True, True, False, False, False]
