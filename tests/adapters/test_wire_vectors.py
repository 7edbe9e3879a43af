"""The wire's digests, signatures and ciphers against the test vectors that their standards publish."""

from __future__ import annotations

import pytest

from adapters.wire.digests import digest
from adapters.wire.locks import OpenLock
from schemas.dialect.access import Algorithm, Lock

_ABCD = b"abcd" * 16
_ALPHABET = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
_JEFE = (b"Jefe", b"what do ya want for nothing?")

DIGESTS = {
    "md5: RFC 1321": ("md5", b"", b"message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
    "sha1: FIPS 180": ("sha1", b"", b"abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
    "sha1: FIPS 180, two blocks": ("sha1", b"", _ALPHABET, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    "sha256: FIPS 180": (
        "sha256",
        b"",
        b"abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    ),
    "sm3: GB/T 32905": ("sm3", b"", b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
    "sm3: GB/T 32905, 64 bytes": (
        "sm3",
        b"",
        _ABCD,
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
    ),
    "hmac-sha256: RFC 4231, 1": (
        "hmac-sha256",
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    "hmac-sha256: RFC 4231, 2": (
        "hmac-sha256",
        *_JEFE,
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    "hmac-sha256: RFC 4231, 3": (
        "hmac-sha256",
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    "hmac-sha256: RFC 4231, 4": (
        "hmac-sha256",
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    "hmac-sha256: RFC 4231, 6": (
        "hmac-sha256",
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    "hmac-sm3: GM/T 0042, D.3, 1": (
        "hmac-sm3",
        bytes(range(1, 33)),
        _ALPHABET * 2,
        "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a",
    ),
    "hmac-sm3: GM/T 0042, D.3, 2": (
        "hmac-sm3",
        bytes(range(1, 38)),
        b"\xcd" * 50,
        "220bf579ded555393f0159f66c99877822a3ecf610d1552154b41d44b94db3ae",
    ),
    "hmac-sm3: GM/T 0042, D.3, 3": (
        "hmac-sm3",
        b"\x0b" * 32,
        b"Hi There",
        "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e",
    ),
    "hmac-sm3: GM/T 0042, D.3, 4": (
        "hmac-sm3",
        *_JEFE,
        "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882",
    ),
}


@pytest.mark.parametrize(("algorithm", "key", "message", "value"), DIGESTS.values(), ids=DIGESTS)
def test_a_digest_is_what_its_standard_says(algorithm, key, message, value):
    assert digest(Algorithm(algorithm), key, message, bytes).hex() == value


def test_an_sm2_signature_is_what_the_standard_says():
    """GB/T 32918.5, annex A.2: user id 1234567812345678, its number used once, r and s."""
    once = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
    key = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
    made = digest(Algorithm.SM2, key, b"message digest", lambda count: (once - 1).to_bytes(count, "big"))
    assert made.hex().upper() == (
        "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
        "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    )


_FIPS_197 = "00112233445566778899aabbccddeeff"
_SP_800_38A = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)
_SM4 = "0123456789abcdeffedcba9876543210"
_COUNT = "000102030405060708090a0b0c0d0e0f"
_SP_800_38A_KEY = "2b7e151628aed2a6abf7158809cf4f3c"

# cipher, key, what chance gives (it stands before the ciphertext), plain, encrypted; in GCM the tag stands at the end
CIPHERS = {
    "aes-128: FIPS 197, C.1": ("aes-ecb", _COUNT, "", _FIPS_197, "69c4e0d86a7b0430d8cdb78070b4c55a"),
    "aes-192: FIPS 197, C.2": (
        "aes-ecb",
        _COUNT + "1011121314151617",
        "",
        _FIPS_197,
        "dda97ca4864cdfe06eaf70a0ec0d7191",
    ),
    "aes-256: FIPS 197, C.3": (
        "aes-ecb",
        _COUNT + "101112131415161718191a1b1c1d1e1f",
        "",
        _FIPS_197,
        "8ea2b7ca516745bfeafc49904b496089",
    ),
    "aes-ecb: SP 800-38A, F.1.1": (
        "aes-ecb",
        _SP_800_38A_KEY,
        "",
        _SP_800_38A,
        (
            "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
            "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"
        ),
    ),
    "aes-cbc: SP 800-38A, F.2.1": (
        "aes-cbc",
        _SP_800_38A_KEY,
        _COUNT,
        _SP_800_38A,
        (
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
            "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
        ),
    ),
    "aes-gcm: NIST, test case 2": (
        "aes-gcm",
        "00" * 16,
        "00" * 12,
        "00" * 16,
        "0388dace60b6a392f328c2b971b2fe78" + "ab6e47d42cec13bdf53a67b21257bddf",
    ),
    "aes-gcm: NIST, test case 3": (
        "aes-gcm",
        "feffe9928665731c6d6a8f9467308308",
        "cafebabefacedbaddecaf888",
        (
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
        ),
        (
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
            "4d5c2af327cd64a62cf35abd2ba6fab4"
        ),
    ),
    "sm4: GB/T 32907": ("sm4-ecb", _SM4, "", _SM4, "681edf34d206965e86b3e94f536e4246"),
    "sm4-cbc: draft-ribose-cfrg-sm4, A.2.2": (
        "sm4-cbc",
        _SM4,
        _COUNT,
        "aaaaaaaabbbbbbbbccccccccddddddddeeeeeeeeffffffffaaaaaaaabbbbbbbb",
        "78ebb11cc40b0a48312aaeb2040244cb4cb7016951909226979b0d15dc6a8f6d",
    ),
    "sm4-gcm: Wycheproof, 6": (
        "sm4-gcm",
        "ffdf4228361ea1f8165852136b3480f7",
        "0e1666f2dc652f7708fb8f0d",
        "25b12e28ac0ef6ead0226a3b2288c800",
        "f18ce821bdf23c0e74e84a235ae15926" + "dd82022d2589c111d2f780965bd4b7ea",
    ),
}


@pytest.mark.parametrize(("cipher", "key", "drawn", "plain", "closed"), CIPHERS.values(), ids=CIPHERS)
def test_a_cipher_is_what_its_standard_says(cipher, key, drawn, plain, closed):
    shape = Lock(cipher=cipher, key="{k}", key_form="hex", key_bytes=len(key) // 2, padding="none", output="hex")
    lock = OpenLock(shape, key, "", lambda _count: bytes.fromhex(drawn))
    assert lock.close(bytes.fromhex(plain)) == drawn + closed
    assert lock.open(drawn + closed) == bytes.fromhex(plain)
