"""Seals personal data, and makes the keyed marks that stand for it in plain columns.

Four keys, because each use must stay safe when another one's is known: what can be matched
cannot be opened, and a serial shown to the portal says nothing about the people behind it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from hashlib import blake2b
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import ConfigError, Fault, JournalError
from schemas.texts import T

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
FORMAT = b"\x01"
SEPARATOR = "\x1f"

_HEADING = """\
# Keys of the recuperation bridge. Without this file the journal cannot be read, by anybody.
# Keep one copy on paper in a safe, never beside a backup of the journal, never in mail.
# 疗休养对接程序的密钥文件：丢失后台账数据库无法解读。请打印一份存入保险柜，不得与数据库备份放在一起，不得用邮件发送。
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """Four independent random keys of 32 bytes each."""

    seal: bytes = field(repr=False)
    match: bytes = field(repr=False)
    mark: bytes = field(repr=False)
    serial: bytes = field(repr=False)


_NAMES = tuple(key.name for key in fields(Keys))


class Vault:
    """Fits `bridge.ports.Vault`."""

    __slots__ = ("_cipher", "_keys", "_people", "_serials")

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._cipher = AESGCM(keys.seal)
        self._people = hmac.new(keys.match, digestmod="sha256")
        self._serials = hmac.new(keys.serial, digestmod="sha256")

    @classmethod
    def load(cls, path: Path) -> Vault:
        """The vault of one key file. Raises ConfigError: missing, open to others, or damaged."""
        return cls(_parse(_read_private(path), path))

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        """Format byte, nonce of 96 random bits, AES-256-GCM. Opens only with the same `bound_to`."""
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + nonce + self._cipher.encrypt(nonce, plain, bound_to.encode())

    def open(self, sealed: bytes, *, bound_to: str) -> bytes:
        """What was sealed. Raises JournalError when key, place or bytes are not the ones of then."""
        if len(sealed) < len(FORMAT) + NONCE_BYTES + TAG_BYTES or not sealed.startswith(FORMAT):
            text = T("A sealed value in the journal is damaged. Restore the journal from a backup.")
            raise JournalError(text, fault=Fault.DAMAGED)
        nonce, locked = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, locked, bound_to.encode())
        except InvalidTag:
            raise JournalError(
                T(
                    "A sealed value in the journal does not open: it was damaged, moved from another row, or "
                    "sealed with another key file. Restore the journal together with its own key file."
                ),
                fault=Fault.DAMAGED,
            ) from None

    def person_key(self, id_type: str, id_no: str) -> bytes:
        """16 bytes, the same for the same person everywhere; tells nothing without the key."""
        return _under(self._people, (id_type, id_no))

    def mark(self, values: Sequence[str]) -> bytes:
        """16 bytes for the contents of one record: equal exactly when all values are equal, in order."""
        return blake2b(orjson.dumps(tuple(values)), digest_size=16, key=self._keys.mark).digest()

    def serial(self, parts: Sequence[str]) -> str:
        """The idempotency key: 128 bits in hex."""
        return _under(self._serials, parts).hex()

    def key_for(self, purpose: str) -> bytes:
        """32 bytes for one more use, of which the other keys cannot be learned."""
        return hmac.digest(self._keys.mark, purpose.encode(), "sha256")

    def backup_key(self, salt: bytes) -> bytes:
        """The key of one backup file, 32 bytes: the file is sealed as a whole, with a key nothing else is sealed with."""
        return hmac.digest(self._keys.seal, b"recuperation-bridge backup" + salt, "sha256")

    def check_value(self) -> str:
        """Kept in the journal, so that a wrong key file never starts. Tells nothing about the keys."""
        every = b"".join(getattr(self._keys, name) for name in _NAMES)
        return hmac.digest(every, b"recuperation-bridge key check", "sha256")[:8].hex()


def _under(key: hmac.HMAC, parts: Sequence[str]) -> bytes:
    """16 bytes. hmac.digest begins with the key each time, and lets go of the interpreter: dear where threads wait for it."""
    keyed = key.copy()
    keyed.update(SEPARATOR.join(parts).encode())
    return keyed.digest()[:16]


def create_keys(path: Path) -> None:
    """Write a new key file, for its owner only. Raises ConfigError; never overwrites one."""
    lines = [f'{name} = "{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"\n' for name in _NAMES]
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            T("There is a key file {path} already; it is never overwritten. Use it, or name another path.", path=path)
        ) from None
    except OSError as error:
        raise ConfigError(
            T("The key file {path} cannot be written: {reason}.", path=path, reason=error.strerror)
        ) from None
    with open(handle, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123  # a handle, not a path
        file.write(_HEADING + "".join(lines))
        file.flush()
        os.fsync(file.fileno())


def _read_private(path: Path) -> bytes:
    """The bytes of a file that only its owner may read. (Windows keeps rights elsewhere: not checked.)"""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read()
    except FileNotFoundError:
        raise ConfigError(
            T("There is no key file {path}. Run: lxy-bridge init, or correct vault.key_file.", path=path)
        ) from None
    except OSError as error:
        raise ConfigError(
            T("The key file {path} cannot be read: {reason}.", path=path, reason=error.strerror)
        ) from None
    if os.name == "posix" and mode & 0o077:
        raise ConfigError(
            T("The key file {path} is open to other users ({mode}). Run: chmod 600 {path}", path=path, mode=f"{mode:o}")
        )
    return content


def _parse(content: bytes, path: Path) -> Keys:
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except ValueError:  # not UTF-8, or not TOML; the message would quote the file
        raise ConfigError(T("{path} is not a key file of the bridge. Restore it from its copy.", path=path)) from None
    found = {name: _decode(table, name) for name in _NAMES}
    wrong = [name for name, value in found.items() if len(value) != KEY_BYTES]
    wrong += sorted(set(table) - set(_NAMES))
    if wrong or len(set(found.values())) != len(_NAMES):
        names = ", ".join(wrong or _NAMES)
        raise ConfigError(
            T("The key file {path} is damaged ({names}). Restore it from its copy.", path=path, names=names)
        )
    return Keys(**found)


def _decode(table: Mapping[str, object], name: str) -> bytes:
    """The key, or no bytes at all where it is not one."""
    value = table.get(name)
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except binascii.Error:
        return b""
