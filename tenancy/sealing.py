"""Secrets at rest: AES-256-GCM under a key that derives from the platform's root secret."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.backends import Backends

_NONCE_BYTES = 12


class SealBrokenError(Exception):
    """The sealed bytes were made under another root secret, or for another owner, or were changed."""


class Sealer:
    """Seals and opens; the owner's name is bound in, so that a secret cannot be moved to another owner."""

    def __init__(self, backends: Backends) -> None:
        self._cipher = AESGCM(backends.derive("seal"))

    def seal(self, secret: bytes, owner: str) -> bytes:
        """Encrypt for an owner: nonce, ciphertext, tag."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Decrypt.

        Raises:
            SealBrokenError: it does not open.
        """
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode())
        except InvalidTag as error:
            raise SealBrokenError from error
