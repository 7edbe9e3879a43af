"""From a call to its exact bytes: templates, forms, envelopes, encryption and signatures, all by data."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from gmssl.sm2 import CryptSM2

from adapters.wire.locks import OpenLock
from adapters.wire.requests import Call, Credentials, Made, Maker
from adapters.wire.stamps import PortalClock
from adapters.wire.ticks import Ticks
from schemas.dialect import Dialect
from schemas.dialect.access import Lock
from schemas.dialect.request import Request
from schemas.errors import ConfigError, SchemaDrift
from schemas.portal import Operation
from tests.adapters.dialect_trees import changed

NOW = datetime(2025, 5, 9, 4, 30, 15, 250_000, tzinfo=UTC)  # 12:30:15 in Shanghai
SECRET = "s3cret-key-of-16"  # of a portal that does not exist


def maker(dialect: Dialect) -> Maker:
    ticks = Ticks(lambda: 0.0, lambda _s: None, lambda: NOW, lambda count: bytes(range(count)))
    credentials = Credentials("app-1", SECRET, {"aes_key": "0123456789abcdef"})
    return Maker(dialect, credentials, "/base", PortalClock(dialect.stamp, ticks), ticks)


def made(dialect: Dialect, **record: object) -> Made:
    """The request that saves one batch, under a token."""
    shape = dialect.operations.write(Operation.SAVE_BATCH)
    assert shape is not None
    mine = maker(dialect)
    values = {"serial": "S-1", "parent": "", "online_id": ""}
    return mine.make(Call(shape, values, mine.content(shape, values, [record])), {"token": "T-1"})


def test_without_more_the_content_is_the_body_and_the_grant_a_header():
    sent = made(changed(""), batchName="第一批")
    assert sent.body == '{"batchName":"第一批"}'.encode()
    assert sent.headers["Authorization"] == "Bearer T-1"
    assert sent.headers["Content-Type"] == "application/json"
    assert (sent.method, sent.path, sent.query, sent.canonical) == ("POST", "/recuperation/batch/save", {}, "")


FORMS = {
    "form": ("application/x-www-form-urlencoded", b"a=1&list=%5B%22x%22%5D"),
    "xml": (
        "application/xml; charset=utf-8",
        b"<?xml version='1.0' encoding='utf-8'?>\n<request><a>1</a><list>x</list></request>",
    ),
}


@pytest.mark.parametrize(("form", "sent"), FORMS.items())
def test_a_content_goes_in_the_form_the_dialect_names(form, sent):
    came = made(changed(f'travel = {{ form = "{form}" }}'), a="1", list=["x"])
    assert (came.headers["Content-Type"], came.body) == sent


def test_a_multipart_body_holds_one_part_for_each_field():
    came = made(changed('travel = { form = "multipart" }'), a="1", b="乙")
    kind, _, boundary = came.headers["Content-Type"].partition("; boundary=")
    parts = came.body.decode().split(f"--{boundary}")
    assert kind == "multipart/form-data"
    assert [part.partition("\r\n\r\n")[2].strip() for part in parts[1:-1]] == ["1", "乙"]
    assert parts[-1] == "--\r\n"


def test_json_may_travel_inside_one_field_of_a_form():
    dialect = changed(
        'travel = { form = "form", envelope = { appid = "{app_id}", data = "{content}", at = "{time}" } }'
    )
    fields = parse_qs(made(dialect, a="甲").body.decode())
    assert fields == {"appid": ["app-1"], "data": ['{"a":"甲"}'], "at": [str(int(NOW.timestamp() * 1000))]}


def test_a_content_may_be_an_object_in_its_envelope_or_merged_with_it():
    inside = changed(
        'travel = { envelope = { "head.app" = "{app_id}" }, content = "object", content_at = "body.request" }'
    )
    merged = changed('travel = { envelope = { app = "{app_id}" }, content = "merged" }')
    assert json.loads(made(inside, a="1").body) == {"head": {"app": "app-1"}, "body": {"request": {"a": "1"}}}
    assert json.loads(made(merged, a="1").body) == {"a": "1", "app": "app-1"}


def test_what_is_merged_with_an_envelope_is_signed_with_it():
    merged = SORTED.replace('data = "{content}", ', "").replace('form = "form"', 'form = "form"\ncontent = "merged"')
    came = signed(merged, n="1", list=["x"], empty="")
    assert came.canonical == f'appId=app-1&list=["x"]&n=1&v=2.0&key={SECRET}'
    assert parse_qs(came.body.decode())["list"] == ['["x"]']


def test_a_call_may_have_its_own_word_for_what_all_have_in_common():
    dialect = changed(
        """
        operations.save_batch.values = { interface = "Batch.Add/{app_id}" }
        operations.save_batch.query = { own = "1" }
        [transport]
        headers = { X-Interface = "{interface}" }
        query = { method = "{interface}" }
        [travel]
        envelope = { what = "{interface}", data = "{content}" }
        [signature]
        field = "X-Sign"
        algorithm = "md5"
        canonical = "{interface}|{app_secret}"
        """
    )
    came = made(dialect, a="1")
    said = "Batch.Add/app-1"
    assert (came.headers["X-Interface"], dict(came.query)) == (said, {"method": said, "own": "1"})
    assert (json.loads(came.body)["what"], came.canonical) == (said, f"{said}|{SECRET}")


def test_dotted_paths_of_a_body_become_objects_beside_the_record():
    dialect = changed('operations.save_batch.body = { "head.source" = "bridge", "batchName" = "fixed" }')
    assert json.loads(made(dialect, a="1", batchName="lost").body) == {
        "head": {"source": "bridge"},
        "batchName": "fixed",
        "a": "1",
    }


def test_ids_in_a_path_are_quoted():
    shape = Request(path="/batch/{online_id}/people", method="GET")
    assert (
        maker(changed("")).make(Call(shape, {"online_id": "a/ü?"}), {"token": ""}).path == "/batch/a%2F%C3%BC%3F/people"
    )


TIMES = {
    "s": "1746765015",
    "ms": "1746765015250",
    "iso": "2025-05-09T12:30:15+08:00",
    "rfc1123": "Fri, 09 May 2025 04:30:15 GMT",
    "%Y%m%d%H%M%S": "20250509123015",
}


@pytest.mark.parametrize(("form", "text"), TIMES.items())
def test_a_time_is_written_as_the_dialect_says(form, text):
    dialect = changed(f'transport.headers = {{ X-Time = "{{time}}" }}\nstamp.time = "{form}"')
    assert made(dialect).headers["X-Time"] == text


@pytest.mark.parametrize(("kind", "nonce"), [("hex", "000102030405060708"), ("digits", "012345678901234567")])
def test_a_nonce_has_the_length_and_the_letters_the_dialect_wants(kind, nonce):
    dialect = changed(
        f'transport.headers = {{ X-Nonce = "{{nonce}}" }}\nstamp = {{ nonce = "{kind}", nonce_length = 18 }}'
    )
    assert made(dialect).headers["X-Nonce"] == nonce


def signed(toml: str, **record: object) -> Made:
    return made(changed(toml), **record)


def hexed(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def test_a_list_of_values_in_a_stated_order_is_signed():
    came = signed("""
        signature = { field = "X-Sign", algorithm = "sha1", canonical = "{app_id}{app_secret}{time}" }
    """)
    assert came.headers["X-Sign"] == hexed("sha1", f"app-1{SECRET}{TIMES['ms']}")


def test_lines_of_method_path_query_and_body_are_signed_with_a_key():
    came = signed(
        """
        operations.save_batch.query = { z = "1", a = "2" }
        [signature]
        field = "X-Sign"
        algorithm = "hmac-sha256"
        key = "{app_secret}"
        canonical = "{method}\\n{path}\\n{sorted}\\n{query}\\n{body}\\n"
        output = "base64"
        sorted = { over = ["query"] }
        """,
        n="甲",
    )
    text = 'POST\n/base/recuperation/batch/save\na=2&z=1\nz=1&a=2\n{"n":"甲"}\n'
    assert came.canonical == text
    assert came.headers["X-Sign"] == base64.b64encode(hmac.digest(SECRET.encode(), text.encode(), "sha256")).decode()


SORTED = """
    operations.save_batch.query = { v = "2.0", empty = "" }
    [travel]
    form = "form"
    envelope = { data = "{content}", appId = "{app_id}" }
    [signature]
    place = "body"
    field = "sign"
    algorithm = "md5"
    canonical = "{sorted}&key={app_secret}"
"""
PAIRS = 'appId=app-1&data={"n":"1"}&v=2.0'


def test_sorted_parameters_leave_out_what_is_empty_and_the_signature_itself():
    came = signed(SORTED, n="1")
    assert came.canonical == f"{PAIRS}&key={SECRET}"
    assert parse_qs(came.body.decode())["sign"] == [hexed("md5", came.canonical)]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ('fold = "lower"', f"{PAIRS}&key={SECRET}".lower()),
        ('fold = "upper"', f"{PAIRS}&key={SECRET}".upper()),
        ("sorted.keep_empty = true", f'appId=app-1&data={{"n":"1"}}&empty=&v=2.0&key={SECRET}'),
        ('sorted.exclude = ["data"]', f"appId=app-1&v=2.0&key={SECRET}"),
        ('sorted.over = ["body"]', f'appId=app-1&data={{"n":"1"}}&key={SECRET}'),
        ('sorted.pair = "{key}{value}"\nsorted.between = ""', f'appIdapp-1data{{"n":"1"}}v2.0&key={SECRET}'),
    ],
)
def test_sorted_parameters_follow_their_rule(rule, text):
    assert signed(f"{SORTED}\n{rule}", n="1").canonical == text


def test_without_an_envelope_the_fields_of_the_content_are_the_parameters():
    came = signed(
        """
        signature = { place = "query", field = "sign", algorithm = "sm3", canonical = "{sorted}", output = "HEX" }
        """,
        b=[1, 2],
        a="x",
    )
    assert came.canonical == "a=x&b=[1,2]"
    assert came.query["sign"] == came.query["sign"].upper()
    assert json.loads(came.body) == {"b": [1, 2], "a": "x"}


def test_one_field_of_an_envelope_may_be_named_and_the_signature_dressed():
    came = signed(
        """
        [travel]
        form = "form"
        envelope = { data = "{content}", ts = "{time}" }
        [signature]
        field = "Authorization"
        template = "SIGN {app_id}:{signature}"
        algorithm = "sha256"
        canonical = "{body.ts}{body.data}"
        """,
        a="1",
    )
    assert came.canonical == f'{TIMES["ms"]}{{"a":"1"}}'
    assert came.headers["Authorization"] == f"SIGN app-1:{hexed('sha256', came.canonical)}"


SM2_KEY = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"  # GB/T 32918.5, annex A
SM2_PUBLIC = (
    "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)


def test_an_sm2_signature_is_good_for_the_public_key_of_the_standard():
    came = signed(f'signature = {{ field = "X", algorithm = "sm2", key = "{SM2_KEY}", canonical = "{{body}}" }}', a="1")
    judge = CryptSM2(private_key="", public_key=SM2_PUBLIC)
    assert judge.verify_with_sm3(came.headers["X"], came.canonical.encode())
    assert not judge.verify_with_sm3(came.headers["X"], b"something else")


def lock(**parts: object) -> OpenLock:
    shape = Lock.model_validate({"cipher": "aes-cbc", "key": "k"} | parts)
    return OpenLock(shape, "0123456789abcdef", str(parts.get("iv", "")), lambda count: b"\7" * count)


LOCKS = [
    {"cipher": f"{kind}-{mode}", "output": output, "iv": iv}
    for kind in ("aes", "sm4")
    for mode in ("ecb", "cbc", "gcm")
    for output in ("base64", "hex", "HEX")
    for iv in (("", "fedcba9876543210") if mode != "ecb" else ("",))
]


@pytest.mark.parametrize("parts", LOCKS, ids=lambda parts: "-".join(map(str, parts.values())))
def test_what_a_lock_closes_it_opens_and_nothing_else(parts):
    mine = lock(**parts)
    closed = mine.close("第一批".encode())
    assert mine.open(closed) == "第一批".encode()
    with pytest.raises(SchemaDrift) as refused:
        mine.open("zz" + closed[2:] if parts["output"] != "base64" else closed[:-5])
    assert closed not in str(refused.value)


def test_cbc_takes_the_beginning_of_an_iv_that_is_longer():
    assert lock(iv="fedcba9876543210 and more").close(b"same") == lock(iv="fedcba9876543210").close(b"same")
    with pytest.raises(ConfigError, match="15"):
        lock(iv="fedcba987654321")


@pytest.mark.parametrize(("padding", "plain"), [("zero", b"abc"), ("none", b"0123456789abcdef")])
def test_older_paddings_are_known(padding, plain):
    mine = lock(padding=padding)
    assert mine.open(mine.close(plain)) == plain


@pytest.mark.parametrize(
    ("form", "key", "raw"),
    [
        ("hex", "00" * 16, bytes(16)),
        ("base64", base64.b64encode(bytes(16)).decode(), bytes(16)),
        ("md5", "x", hashlib.md5(b"x").digest()),
        ("sha256", "x", hashlib.sha256(b"x").digest()[:16]),
        ("text", "0123456789abcdefgh", b"0123456789abcdef"),
    ],
)
def test_the_text_of_a_key_becomes_bytes_as_the_dialect_says(form, key, raw):
    mine = OpenLock(Lock(cipher="aes-ecb", key="k", key_form=form), key, "", bytes)
    plain = OpenLock(Lock(cipher="aes-ecb", key="k", key_form="hex"), raw.hex(), "", bytes)
    assert mine.close(b"same") == plain.close(b"same")


@pytest.mark.parametrize(("form", "key"), [("hex", "xyz"), ("base64", "!"), ("text", "short"), ("hex", "00")])
def test_a_key_that_is_none_is_told_without_being_shown(form, key):
    with pytest.raises(ConfigError) as wrong:
        OpenLock(Lock(cipher="sm4-cbc", key="k", key_form=form), key, "", bytes)
    assert key not in str(wrong.value)


def test_a_whole_content_may_be_sealed():
    dialect = changed("""
        travel = { envelope = { enc = "{content}" } }
        [sealing]
        cipher = "sm4-ecb"
        key = "{aes_key}"
        output = "hex"
        content = true
    """)
    sealed = json.loads(made(dialect, a="甲").body)["enc"]
    opener = OpenLock(Lock(cipher="sm4-ecb", key="k", output="hex"), "0123456789abcdef", "", bytes)
    assert opener.open(sealed) == '{"a":"甲"}'.encode()


def test_no_repr_of_a_request_shows_what_it_holds():
    came = made(changed(""), n="测试甲")
    for thing in (came, Credentials("app-1", SECRET, {"aes_key": "k"}), Call(Request(path="/"), {"a": "测试甲"})):
        assert not {"测试甲", SECRET, "T-1"} & set(repr(thing).replace("'", " ").replace("=", " ").split())
