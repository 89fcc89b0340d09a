"""Hashes by which both databases find the ids of persons."""

from schemas.identity import IdentityKey
from storage.clickhouse.literals import text_hash


def identity_hash(key: IdentityKey) -> int:
    """Hash an id as `person_key` and `alias_key` are made: xxh3-64 of `kind:value`."""
    return text_hash(f"{key.kind}:{key.value}")


def signed(hashed: int) -> int:
    """Write a 64-bit hash as Postgres's bigint holds it."""
    return hashed - 2**64 if hashed >= 2**63 else hashed


def unsigned(held: int) -> int:
    """Read a 64-bit hash from a bigint."""
    return held + 2**64 if held < 0 else held
