"""Keys of the platform's operators, by what they may do."""

from collections.abc import Collection

from storage.postgres.directory import KeyRecord
from tenancy.keys import hash_key

SCOPES = ("ingest", "tenants", "usage", "models", "jobs")


def platform_key_record(key: str, scopes: Collection[str], name: str) -> KeyRecord:
    """Make the directory's record of a platform key that may do these things, each one of `SCOPES`."""
    assert set(scopes) <= set(SCOPES)
    return KeyRecord(hash_key(key), None, "platform", frozenset(scopes), name=name)
