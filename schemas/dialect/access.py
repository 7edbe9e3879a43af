"""How a portal is reached and who we are to it: transport, limits, grants, stamps, signatures, sealing."""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from schemas.dialect.part import Filled, MaybeAt, Part, Seconds, Template, Templates
from schemas.dialect.request import Request
from schemas.errors import Wrong
from schemas.texts import T


class Transport(Part):
    """`deadline_s` bounds one whole call; httpx itself has no total time-out.

    `headers` and `query` go with every call but grants.
    """

    base_url: str = ""
    deadline_s: Seconds = 60
    connect_s: Seconds = 10
    max_answer_bytes: Annotated[int, Field(ge=1)] = 20_000_000
    headers: Templates = Field(default_factory=dict)
    query: Templates = Field(default_factory=dict)


_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


def _hours(text: str) -> str:
    found = _HOURS.fullmatch(text)
    try:
        start, end = (time.fromisoformat(part) for part in found.groups()) if found else (None, None)
    except ValueError:
        start = end = None
    if start is None or start == end:
        raise Wrong(T('{key}: write closing hours like "00:00-06:00".'))
    return text


class Limits(Part):
    """`closing_hours` are times of the zone of `[stamp]`; "22:00-06:00" runs over midnight."""

    rows_per_call: Annotated[int, Field(ge=1)] = 100
    page_size: Annotated[int, Field(ge=1)] = 100
    calls_per_minute: Annotated[int, Field(ge=1)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=64)] = 1
    closing_hours: tuple[Annotated[str, AfterValidator(_hours)], ...] = ()

    @property
    def closed(self) -> tuple[tuple[time, time], ...]:
        spans = (span.split("-") for span in self.closing_hours)
        return tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in spans)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise Wrong(T('{key}: is no time zone; write one such as "Asia/Shanghai".')) from None
    return name


class Stamp(Part):
    """`{time}` and `{nonce}` of a call. `time`: s, ms, iso, rfc1123, or a pattern such as %Y%m%d%H%M%S."""

    time: Filled = "ms"
    zone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    nonce: Literal["hex", "digits"] = "hex"
    nonce_length: Annotated[int, Field(ge=1, le=64)] = 32

    @model_validator(mode="after")
    def _has_a_time(self) -> Self:
        if self.time not in {"s", "ms", "iso", "rfc1123"} and "%" not in self.time:
            raise Wrong(T('{key}: time is "s", "ms", "iso", "rfc1123" or a pattern such as "%Y%m%d%H%M%S".'))
        return self


class Algorithm(StrEnum):
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SM3 = "sm3"
    HMAC_SHA256 = "hmac-sha256"
    HMAC_SM3 = "hmac-sm3"
    SM2 = "sm2"

    @property
    def keyed(self) -> bool:
        """Whether `key` is a part of the algorithm; the others have it in their canonical text."""
        return self in {Algorithm.HMAC_SHA256, Algorithm.HMAC_SM3, Algorithm.SM2}


class Output(StrEnum):
    HEX = "hex"
    UPPER_HEX = "HEX"
    BASE64 = "base64"


class Carried(StrEnum):
    """Where the signature travels."""

    HEADER = "header"
    QUERY = "query"
    BODY = "body"


class SortedText(Part):
    """`{sorted}`: the parameters of query and body by name. `exclude` names those that do not count."""

    over: tuple[Literal["query", "body"], ...] = ("query", "body")
    pair: Template = "{key}={value}"
    between: str = "&"
    exclude: tuple[str, ...] = ()
    keep_empty: bool = False


class Signature(Part):
    """`field` in `place` becomes `template`, with `{signature}` made over `canonical`.

    `canonical` may name, besides all values of a call: `{method}`, `{path}`, `{query}` (as sent), `{body}` (the
    content as sent), `{sorted}`, and `{body.NAME}` for one field of the envelope.
    """

    place: Carried = Carried.HEADER
    field: Filled
    template: Template = "{signature}"
    algorithm: Algorithm
    key: Template = ""
    canonical: Filled
    sorted: SortedText = SortedText()
    fold: Literal["none", "lower", "upper"] = "none"
    output: Output = Output.HEX

    @model_validator(mode="after")
    def _has_its_key(self) -> Self:
        if self.algorithm.keyed and not self.key:
            raise Wrong(T("{key}: {algorithm} needs key.", algorithm=self.algorithm.value))
        if self.key and not self.algorithm.keyed:
            raise Wrong(T("{key}: {algorithm} takes no key; put it into canonical.", algorithm=self.algorithm.value))
        return self


class Cipher(StrEnum):
    AES_ECB = "aes-ecb"
    AES_CBC = "aes-cbc"
    AES_GCM = "aes-gcm"
    SM4_ECB = "sm4-ecb"
    SM4_CBC = "sm4-cbc"
    SM4_GCM = "sm4-gcm"

    @property
    def mode(self) -> str:
        return self.value.rpartition("-")[2]


class Lock(Part):
    """One way of encrypting. Without `iv` a random one stands before the ciphertext (CBC, GCM). Of a longer one
    CBC takes the first 16 bytes, so that it may be the key's own beginning.

    `key_form` says how the key's text becomes bytes, `key_bytes` how many of them count.
    """

    cipher: Cipher
    key: Filled
    key_form: Literal["text", "hex", "base64", "md5", "sha256", "sm3"] = "text"
    key_bytes: Literal[16, 24, 32] = 16
    iv: Template = ""
    padding: Literal["pkcs7", "zero", "none"] = "pkcs7"
    output: Output = Output.BASE64

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.cipher.value.startswith("sm4") and self.key_bytes != 16:  # noqa: PLR2004  # the only size of SM4
            raise Wrong(T("{key}: SM4 has keys of 16 bytes; write key_bytes = 16."))
        if self.cipher.mode == "ecb" and self.iv:
            raise Wrong(T("{key}: ECB takes no iv; leave it out."))
        return self


class Sealing(Lock):
    """What travels encrypted: the whole content of a call, or single fields of people and batches (canonical names).

    `answer_at`: where a sealed document lies in an answer; opened it stands at `opened`. `rows`: every listed row is
    one ciphertext. `listed`: the fields are sealed in listings as well.
    """

    content: bool = False
    fields: tuple[str, ...] = ()
    listed: bool = True
    answer_at: MaybeAt = ""
    rows: bool = False


class Grant(Request):
    """A call that gives us something we need for others: a token, a session key, the secret of a two-stage scheme.

    Its value is `{name}` in templates. How long it lives: `life_at` in the answer, in `life_unit`; or the moment at
    `ends_at`; or `life_s`; else until the portal refuses it. `lock` opens a value that is given encrypted.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    value_at: MaybeAt = ""
    life_at: MaybeAt = ""
    life_unit: Literal["s", "ms"] = "s"
    ends_at: MaybeAt = ""
    life_s: Seconds | None = None
    refresh_early_s: Seconds = 60
    lock: Lock | None = None
    signature: Signature | None = None

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if not self.value_at:
            raise Wrong(T("{key}: needs value_at, the place of its value in the answer."))
        if sum((bool(self.life_at), bool(self.ends_at), self.life_s is not None)) > 1:
            raise Wrong(T("{key}: leave one of life_at, ends_at and life_s."))
        return self
