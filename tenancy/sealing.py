"""Secrets at rest: AES-256-GCM under a key that derives from the platform's root secret.

Sealed bytes begin with a mark and the id of the root secret under which they were made, so that after a rotation those
of the root secret before still open, and `unmogrow secrets rotate` knows which to seal anew. Bytes without the mark
are older than the ids: they are tried with every key.
"""

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.backends import Backends

_MARK = b"\x01"
_ID_BYTES = 4
_NONCE_BYTES = 12
_PURPOSE = "seal"


class SealBrokenError(Exception):
    """The sealed bytes were made under another root secret, or for another owner, or were changed."""


class Sealer:
    """Seals and opens; the owner's name is bound in, so that a secret cannot be moved to another owner."""

    def __init__(self, backends: Backends) -> None:
        keys = [each.derive(_PURPOSE) for each in (backends, *backends.previous())]
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._current = _key_id(keys[0])

    def seal(self, secret: bytes, owner: str) -> bytes:
        """Encrypt for an owner: mark, id of the key, nonce, ciphertext, tag."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._ciphers[self._current].encrypt(nonce, secret, owner.encode())
        return _MARK + self._current + nonce + ciphertext

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Decrypt.

        Raises:
            SealBrokenError: it does not open.
        """
        head = len(_MARK) + _ID_BYTES
        named = self._ciphers.get(sealed[len(_MARK) : head]) if sealed.startswith(_MARK) else None
        # Bytes without a mark may begin as marked ones do, once in a trillion: so they are tried, too.
        tries = [(named, sealed[head:])] if named else []
        tries += [(cipher, sealed) for cipher in self._ciphers.values()]
        for cipher, rest in tries:
            try:
                return cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], owner.encode())
            except (InvalidTag, ValueError):
                continue
        raise SealBrokenError

    def is_current(self, sealed: bytes) -> bool:
        """Say whether bytes were sealed under the root secret of now."""
        return sealed.startswith(_MARK + self._current)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"id of " + key).digest()[:_ID_BYTES]
