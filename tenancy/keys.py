"""API keys: 256 random bits behind a prefix that says what the key is. Only their SHA-256 is stored.

A fast hash is enough, also for the tokens of sessions and links: unlike a password, none of them can be guessed.
"""

import hashlib
import secrets
from typing import Literal

KeyKind = Literal["write", "secret", "platform"]

_PREFIXES: dict[KeyKind, str] = {"write": "wk_", "secret": "sk_", "platform": "pk_"}
SECRET_PREFIX = _PREFIXES["secret"]
PLATFORM_PREFIX = _PREFIXES["platform"]
SHOWN_CHARS = 11
"""How much of a key may be shown again, to tell keys apart."""


def make_key(kind: KeyKind) -> str:
    """Make a key; it is shown to its owner once and never again."""
    return _PREFIXES[kind] + secrets.token_urlsafe(32)


def hash_key(key: str) -> bytes:
    """Hash a key, or a random token, as the databases store it."""
    return hashlib.sha256(key.encode()).digest()
