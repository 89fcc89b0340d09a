"""Keys of the platform's operators, by what they may do; a key is known by the part of it that may be shown again."""

from collections.abc import Collection
from dataclasses import dataclass, field

from storage.postgres.directory import KeyRecord
from tenancy.keys import SHOWN_CHARS, hash_key, make_key

SCOPES = ("ingest", "tenants", "usage", "models", "jobs")


@dataclass(frozen=True, slots=True)
class NewPlatformKey:
    """A key that was just made; `key` is in clear here and nowhere else."""

    key_id: str
    key: str = field(repr=False)
    record: KeyRecord


def new_platform_key(scopes: Collection[str]) -> NewPlatformKey:
    """Make a key that may do these things, each one of `SCOPES`."""
    key = make_key("platform")
    return NewPlatformKey(key[:SHOWN_CHARS], key, platform_key_record(key, scopes))


def platform_key_record(key: str, scopes: Collection[str]) -> KeyRecord:
    """Make the directory's record of a platform key."""
    assert set(scopes) <= set(SCOPES)
    return KeyRecord(hash_key(key), None, "platform", frozenset(scopes))
