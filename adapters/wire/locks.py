"""Encryption of contents and fields: AES and SM4 by a dialect's `Lock`."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from adapters.wire.digests import Chance, sm3, unwritten, written
from schemas.dialect.access import Lock
from schemas.errors import ConfigError, SchemaDrift
from schemas.texts import T

_BLOCK = 16
_GCM_NONCE, _GCM_TAG = 12, 16


class OpenLock:
    """A lock with its key in it. `key` and `iv` are the lock's templates, filled."""

    def __init__(self, lock: Lock, key: str, iv: str, chance: Chance) -> None:
        self._lock = lock
        self._iv = iv.encode()[:_BLOCK] if lock.cipher.mode == "cbc" else iv.encode()
        self._chance = chance
        self._algorithm = _algorithm(lock, key)
        if self._iv and lock.cipher.mode == "cbc" and len(self._iv) != _BLOCK:
            raise ConfigError(T("The iv of the dialect's encryption has {count} bytes, not 16.", count=len(self._iv)))

    def close(self, plain: bytes) -> str:
        """Encrypted and written as the dialect says."""
        mode = self._lock.cipher.mode
        nonce = b"" if mode == "ecb" else self._iv or self._chance(_GCM_NONCE if mode == "gcm" else _BLOCK)
        sealed = self._closed_gcm(nonce, plain) if mode == "gcm" else self._closed(nonce, self._padded(plain))
        return written((b"" if self._iv else nonce) + sealed, self._lock.output)

    def _closed(self, nonce: bytes, padded: bytes) -> bytes:
        maker = self._cipher(nonce).encryptor()
        return maker.update(padded) + maker.finalize()

    def _closed_gcm(self, nonce: bytes, plain: bytes) -> bytes:
        maker = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        return maker.update(plain) + maker.finalize() + maker.tag

    def open(self, sealed: str) -> bytes:
        """Raises SchemaDrift, without a word of it, for what this lock has not closed."""
        try:
            return self._opened(unwritten(sealed, self._lock.output))
        except (ValueError, InvalidTag, binascii.Error):
            raise SchemaDrift(T("The portal's encrypted value cannot be opened with the dialect's key.")) from None

    def _opened(self, sealed: bytes) -> bytes:
        mode = self._lock.cipher.mode
        size = {"ecb": 0, "gcm": _GCM_NONCE, "cbc": _BLOCK}[mode]
        nonce, rest = (self._iv, sealed) if self._iv or mode == "ecb" else (sealed[:size], sealed[size:])
        if mode != "gcm":
            opener = self._cipher(nonce).decryptor()
            return self._unpadded(opener.update(rest) + opener.finalize())
        opener = Cipher(self._algorithm, modes.GCM(nonce, rest[-_GCM_TAG:])).decryptor()
        return opener.update(rest[:-_GCM_TAG]) + opener.finalize()

    def _cipher(self, nonce: bytes) -> Cipher[modes.ECB | modes.CBC]:
        # ECB is the portal's choice, not ours
        return Cipher(self._algorithm, modes.CBC(nonce) if nonce else modes.ECB())  # noqa: S305

    def _padded(self, plain: bytes) -> bytes:
        match self._lock.padding:
            case "pkcs7":
                padder = PKCS7(_BLOCK * 8).padder()
                return padder.update(plain) + padder.finalize()
            case "zero":
                return plain + bytes(-len(plain) % _BLOCK)
            case "none":
                return plain

    def _unpadded(self, padded: bytes) -> bytes:
        match self._lock.padding:
            case "pkcs7":
                unpadder = PKCS7(_BLOCK * 8).unpadder()
                return unpadder.update(padded) + unpadder.finalize()
            case "zero":
                return padded.rstrip(b"\0")
            case "none":
                return padded


def _algorithm(lock: Lock, key: str) -> algorithms.AES | algorithms.SM4:
    made = _BYTES_OF[lock.key_form](key)[: lock.key_bytes]
    if len(made) != lock.key_bytes:
        raise ConfigError(
            T(
                "The key of the dialect's encryption has {found} bytes, not {needed}.",
                found=len(made),
                needed=lock.key_bytes,
            )
        )
    return algorithms.SM4(made) if lock.cipher.value.startswith("sm4") else algorithms.AES(made)


def _from_hex(key: str) -> bytes:
    try:
        return bytes.fromhex(key)
    except ValueError:
        raise ConfigError(T("The key of the dialect's encryption is no {form}.", form="hex")) from None


def _from_base64(key: str) -> bytes:
    try:
        return base64.b64decode(key, validate=True)
    except binascii.Error:
        raise ConfigError(T("The key of the dialect's encryption is no {form}.", form="base64")) from None


_BYTES_OF: dict[str, Callable[[str], bytes]] = {
    "text": str.encode,
    "hex": _from_hex,
    "base64": _from_base64,
    "md5": lambda key: hashlib.md5(key.encode(), usedforsecurity=False).digest(),
    "sha256": lambda key: hashlib.sha256(key.encode()).digest(),
    "sm3": lambda key: sm3(key.encode()),
}
