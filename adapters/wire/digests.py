"""Digests and signatures over bytes, and the texts they become."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

from schemas.dialect.access import Algorithm, Output
from schemas.errors import ConfigError
from schemas.texts import T

if TYPE_CHECKING:
    from gmssl.sm2 import CryptSM2

Chance = Callable[[int], bytes]


def digest(algorithm: Algorithm, key: bytes, message: bytes, chance: Chance) -> bytes:
    """`key` only where the algorithm has one; SM2's is the private key, 32 bytes. Raises ConfigError without gmssl."""
    match algorithm:
        case Algorithm.MD5 | Algorithm.SHA1 | Algorithm.SHA256:
            return hashlib.new(algorithm.value, message, usedforsecurity=False).digest()
        case Algorithm.SM3:
            return sm3(message)
        case Algorithm.HMAC_SHA256:
            return hmac.digest(key, message, "sha256")
        case Algorithm.HMAC_SM3:
            made = HMAC(key, hashes.SM3())  # OpenSSL's own: not every hashlib has it
            made.update(message)
            return made.finalize()
        case Algorithm.SM2:
            return _sm2_signature(key, message, chance)


def sm3(message: bytes) -> bytes:
    made = hashes.Hash(hashes.SM3())
    made.update(message)
    return made.finalize()


def written(value: bytes, output: Output) -> str:
    match output:
        case Output.HEX:
            return value.hex()
        case Output.UPPER_HEX:
            return value.hex().upper()
        case Output.BASE64:
            return base64.b64encode(value).decode()


def unwritten(value: str, output: Output) -> bytes:
    """Raises ValueError for what is not written so."""
    return base64.b64decode(value, validate=True) if output is Output.BASE64 else bytes.fromhex(value)


_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123  # of SM2's curve (GB/T 32918.5)


def _sm2_signature(key: bytes, message: bytes, chance: Chance) -> bytes:
    """R ‖ s over SM3 with the default user id 1234567812345678 (GB/T 32918.2)."""
    number = int.from_bytes(chance(40), "big") % (_ORDER - 1) + 1
    signer = _sm2(key.hex())
    return bytes.fromhex(signer.sign_with_sm3(message, f"{number:064x}"))


def _sm2(private_key: str) -> CryptSM2:
    try:
        from gmssl.sm2 import CryptSM2  # noqa: PLC0415  # an extra: only where a portal asks for SM2
    except ImportError:
        raise ConfigError(
            T("The dialect signs with SM2, which needs one more package. Run: pip install recuperation-bridge[sm2]")
        ) from None
    bare = CryptSM2(private_key=private_key, public_key="")
    public_key = bare._kg(int(private_key, 16), bare.ecc_table["g"])  # noqa: SLF001  # it has no other way
    return CryptSM2(private_key=private_key, public_key=public_key)
