"""A file sealed for keeping elsewhere: AES-256-GCM in chunks, so that its size costs no memory.

    recuperation-bridge backup 1 ⏎ · length of the header (4 bytes) · header (JSON, in clear) · chunks

Each chunk is sealed under a key of this file alone, bound to the header, to its place and to whether it is the last: a chunk
that is missing, changed, moved, or of another file does not open.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import JournalError
from schemas.texts import T

MAGIC = b"recuperation-bridge backup 1\n"
CHUNK = 1 << 20
_TAG = 16
_SALT = 16
_LONGEST_HEADER = 1 << 16

KeyOf = Callable[[bytes], bytes]
"""A key of 32 bytes for one file, by its salt."""


def seal(plain: IO[bytes], out: IO[bytes], header: Mapping[str, Any], key_of: KeyOf) -> None:
    """Write `plain` sealed to `out`."""
    salt = os.urandom(_SALT)
    said = orjson.dumps({**header, "salt": salt.hex()})
    out.write(MAGIC + len(said).to_bytes(4, "big") + said)
    cipher, bound = AESGCM(key_of(salt)), hashlib.sha256(said).digest()
    for number, (chunk, last) in enumerate(_chunks(plain, CHUNK)):
        out.write(cipher.encrypt(_nonce(number, last=last), chunk, bound))


def header_of(path: Path) -> dict[str, Any] | None:
    """What the file says of itself, not proven yet; None where it is no backup."""
    with path.open("rb") as file:
        said = _header(file)
    return None if said is None else orjson.loads(said)


def opened(path: Path, key_of: KeyOf) -> Iterator[bytes]:
    """Its contents, chunk by chunk; only when the last one came is the file whole. Raises JournalError."""
    with path.open("rb") as file:
        said = _header(file)
        if said is None:
            raise JournalError(T("{path} is no backup of this program.", path=path))
        cipher, bound = AESGCM(key_of(bytes.fromhex(orjson.loads(said)["salt"]))), hashlib.sha256(said).digest()
        for number, (chunk, last) in enumerate(_chunks(file, CHUNK + _TAG)):
            try:
                yield cipher.decrypt(_nonce(number, last=last), chunk, bound)
            except (InvalidTag, ValueError):
                raise JournalError(
                    T("The backup {path} is damaged or not whole. Take another one.", path=path)
                ) from None


def _header(file: IO[bytes]) -> bytes | None:
    if file.read(len(MAGIC)) != MAGIC:
        return None
    length = int.from_bytes(file.read(4), "big")
    said = file.read(min(length, _LONGEST_HEADER))
    try:
        whole = isinstance(orjson.loads(said), dict) and "salt" in orjson.loads(said)
    except orjson.JSONDecodeError:
        return None
    return said if whole else None


def _chunks(file: IO[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Each chunk, and whether it is the last; at least one, be it empty."""
    chunk = file.read(size)
    while True:
        ahead = file.read(size)
        yield chunk, not ahead
        if not ahead:
            return
        chunk = ahead


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
