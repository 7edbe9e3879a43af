"""The commands of who connects a portal: what they say, and what no output of theirs ever holds."""

from __future__ import annotations

import base64
import json
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from rich.cells import cell_len

from schemas.dialect import shipped_dialect
from schemas.dialect.review.places import calls
from schemas.packs import shipped_names, shipped_text
from schemas.veil import Veil
from tests.system.office import Office, Ran, open_office, run
from tests.system.test_canary import everything_logged
from tests.system.test_cli import on_a_terminal

APP_SECRET, AES_KEY = 'Canary/se+cret&"1"', "Aes&Canary/key+1"
GRANTED = "granted-canary-0123456789"
PROTECTED = (APP_SECRET, AES_KEY, GRANTED)

CANARY = """
name = "canary"
version = 1
delivery_class = "K3"
settle_window_s = 0
secrets = { aes_key = "key" }
settings = { org_code = "code" }
transport.base_url = "BASE_URL"
transport.headers = { Authorization = "Basic {basic}", X-Key = "{aes_key}", X-Token = "{token}", X-Org = "{org_code}" }
travel.envelope = { app = "{app_id}", secret = "{app_secret}", data = "{content}" }
travel.form = "form"

[[grants]]
name = "token"
path = "/token/{app_id}"
query = { secret = "{app_secret}", key = "{aes_key}" }
body = { secret = "{app_secret}", basic = "{basic}" }
value_at = "token"

[signature]
field = "sign"
place = "query"
algorithm = "sha256"
canonical = "{app_secret}|{aes_key}|{basic}|{query}|{body}|{sorted}|{time}"
fold = "FOLD"

[sealing]
cipher = "aes-cbc"
key = "{aes_key}"
fields = ["id_no"]

[answer]
code_at = "code"
message_at = "msg"
rules = [{ code = "0", reaction = "success" }, { code = "9", reaction = "auth" }, { code = "8", reaction = "throttle" }]

"""


def forms(secret: str) -> set[str]:
    """A secret in clear and as it may be written: in hex, in base64 wherever it begins, in addresses and in JSON."""
    raw = secret.encode()
    found = {secret, secret.lower(), secret.upper(), raw.hex(), raw.hex().upper(), json.dumps(secret)[1:-1]}
    found |= {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    for shift in range(3):
        inside = base64.b64encode(b"xyz"[:shift] + raw + b"z" * (-(shift + len(raw)) % 3)).decode()
        found.add(inside[4 if shift else 0 : len(inside) - 4])
    return found


def leaks(text: str) -> list[str]:
    """Forms of secrets, and pieces of them: what is cut or masked may still tell enough."""
    pieces = {secret[at : at + 8] for secret in PROTECTED for at in range(len(secret) - 7)}
    whole = {form for secret in PROTECTED for form in forms(secret)}
    return [form for form in sorted(whole | pieces) if form in text]


class _Echo(BaseHTTPRequestHandler):
    """A portal that says back whatever it was told, in its message: in clear, in hex and in base64."""

    listing_code = "9"
    first = 0

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_args: object) -> None:
        """Nothing: a test's output is its own."""

    def _serve(self, body: bytes) -> None:
        told = f"{self.path} {self.headers} {body.decode()}"
        granting = self.path.startswith("/token")
        code = "0" if granting else self.listing_code
        written = [told, told.encode().hex(), base64.b64encode(told.encode()).decode(), APP_SECRET, AES_KEY, GRANTED]
        written.append("x" * 190 + APP_SECRET)  # the end of what is repeated cuts it in two
        written = written[self.first :] + written[: self.first]
        self.reply({"code": code, "msg": " ".join(written), "token": GRANTED, "data": {"records": []}})

    def reply(self, document: object) -> None:
        said = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)


@contextmanager
def echoing(code: str, first: int = 0) -> Iterator[str]:
    """`first`: which way of saying it stands at the beginning, where a message is not cut."""
    desk = type("Echo", (_Echo,), {"listing_code": code, "first": first})
    with ThreadingHTTPServer(("127.0.0.1", 0), desk) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with open_office(tmp_path_factory.mktemp("dialects")) as opened:
        opened.keep_three()
        assert opened.run("sync").code == 0
        yield opened


@pytest.fixture
def canary(office: Office, tmp_path: Path) -> Path:
    """A folder whose dialect puts its secrets everywhere, with settings that know them."""
    for name, secret in (("app.secret", APP_SECRET), ("aes.secret", AES_KEY)):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text(secret, encoding="utf-8")
    settings = office.settings.read_text(encoding="utf-8").partition("[portal]")[0]
    portal = '[portal]\ndialect = "canary.toml"\napp_id = "demo"\napp_secret_file = "app.secret"\n'
    portal += '[portal.settings]\norg_code = "370000"\n[portal.secrets]\naes_key_file = "aes.secret"\n'
    portal += '[log]\nlevel = "debug"\nfile = "bridge.log"\n'
    (tmp_path / "config.toml").write_text(settings + portal, encoding="utf-8")
    write_canary(tmp_path, "https://portal.example.cn")
    return tmp_path


def write_canary(folder: Path, base_url: str, fold: str = "none") -> None:
    qilu = shipped_text("dialects", "qilu")
    rest = qilu[qilu.index("[operations.save_batch]") :]
    text = CANARY.replace("BASE_URL", base_url).replace("FOLD", fold) + rest
    (folder / "canary.toml").write_text(text, encoding="utf-8")


def everything(folder: Path, *ran: Ran) -> str:
    log = folder / "bridge.log"
    written = log.read_text(encoding="utf-8") if log.exists() else ""
    return "\n".join([*(part for one in ran for part in (one.out, one.err)), written])


SHOWN = ["token", "save_batch", "update_batch", "save_people", "update_person", "submit", "list_batches", "list_people"]


@pytest.mark.parametrize("fold", ["none", "lower", "upper"])
@pytest.mark.parametrize("operation", SHOWN)
def test_no_request_that_is_shown_holds_a_secret_in_any_form(canary: Path, operation: str, fold: str):
    write_canary(canary, "https://portal.example.cn", fold)
    shown = run("dialect", "show", operation, "canary.toml", folder=canary)
    assert shown.code == 0, shown.err
    assert leaks(everything(canary, shown)) == []
    assert "«app_secret»" in shown.out


@pytest.mark.parametrize("first", range(7))
@pytest.mark.parametrize("code", ["9", "7", "0"])
def test_no_answer_of_a_portal_that_says_everything_back_shows_a_secret(canary: Path, code: str, first: int):
    with echoing(code, first) as address, everything_logged():
        write_canary(canary, address)
        tried = run("dialect", "probe", "canary.toml", folder=canary)
    assert "✓ 获取 token" in tried.out
    assert leaks(everything(canary, tried)) == []


def test_an_error_of_a_wrong_key_does_not_repeat_it(canary: Path):
    (canary / "aes.secret").write_text(AES_KEY[:-3], encoding="utf-8")
    shown = run("dialect", "show", "save_people", "canary.toml", folder=canary)
    assert shown.code == 2
    assert "13" in shown.err
    assert leaks(everything(canary, shown)) == []
    assert AES_KEY[:-3] not in shown.err


def test_the_scan_itself_finds_what_it_looks_for():
    for secret in PROTECTED:
        for shift in ("", "x", "xy"):
            assert leaks(base64.b64encode(f"{shift}{secret} and more".encode()).decode())
        assert leaks(secret.upper())
        assert leaks(secret.encode().hex())
    assert leaks("nothing of the kind") == []


def test_the_veil_hides_each_form_and_leaves_the_rest():
    veil = Veil({"app_secret": APP_SECRET})
    for shift in range(6):
        word = base64.b64encode(f"{'demo:x'[:shift]}{APP_SECRET}".encode()).decode()
        assert veil.hide(f"Authorization: Basic {word}, next") == "Authorization: Basic «app_secret», next"
    assert veil.hide(f"a{APP_SECRET}b") == "a«app_secret»b"
    assert veil.hide(f"s={quote_plus(APP_SECRET)}&t=1") == "s=«app_secret»&t=1"
    assert veil.hide("nothing of the kind") == "nothing of the kind"


def test_a_request_is_shown_without_settings_with_names_in_place_of_values(tmp_path: Path):
    shown = run("dialect", "show", "token", "qilu", folder=tmp_path)
    assert shown.code == 0
    assert '{"appId":"«app_id»","appSecret":"«app_secret»"}' in shown.out


ALL_THAT_SHIP = [
    name for name in shipped_names("dialects") if "operations" in tomllib.loads(shipped_text("dialects", name))
]


@pytest.mark.parametrize("name", ALL_THAT_SHIP)
def test_every_request_of_every_shipped_dialect_can_be_shown(tmp_path: Path, name: str):
    dialect = shipped_dialect(name)
    for wish in [*(grant.name for grant in dialect.grants), *calls(dialect)]:
        shown = run("dialect", "show", wish, name, folder=tmp_path)
        assert (shown.code, shown.err) == (0, ""), f"{wish}: {shown.err}"


def test_what_the_shown_request_carries_is_what_the_engine_sends(office: Office):
    shown = office.run("dialect", "show", "list_people", "qilu")
    assert f"GET {office.portal.base_url}/recuperation/person/page?batchId=1001&page=1&pageSize=100" in shown.out
    assert "Authorization: Bearer «token»" in shown.out


def test_an_operation_the_dialect_does_not_have_is_answered_with_those_it_has(tmp_path: Path):
    told = run("dialect", "show", "save_peple", "qilu", folder=tmp_path)
    assert told.code == 2
    assert "save_peple：方言中没有此操作。已有：token, save_batch, update_batch, save_people" in told.err


def test_probe_says_line_by_line_what_worked_and_writes_nothing(office: Office):
    before = office.portal.effects()
    tried = office.run("dialect", "probe", "qilu")
    assert tried.code == 0, tried.out
    assert [line.strip() for line in tried.out.splitlines()[1:-2]] == [
        "✓ 获取 token: 答复 200 P00000：操作成功",
        "✓ 时钟: 与线上系统一致",
        "✓ operations.list_batches: 答复 200 P00000：操作成功",
        "✓ 第一页: 共1批",
        "✓ [fields.batch]: 字段齐全",
        "✓ [words.level]: 代码均已列明",
        "✓ [words.status]: 代码均已列明",
    ]
    assert office.portal.effects() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('level = "level"', 'level = "batchLevel"', "✗ fields.batch.level: 列表行中没有字段 batchLevel → 请改为平台"),
        ('city = "22"', 'city = "23"', "✗ [words.level]: 平台写的是 22 → 请将其补入对应的词。"),
        (
            'rows_at = "data.records"',
            'rows_at = "data.rows"',
            "✗ operations.list_batches: 线上系统的答复在 data.rows 处",
        ),
        (
            'value_at = "data.token"',
            'value_at = "data.tokn"',
            "✗ 获取 token: 线上系统的答复中，data.tokn 处没有可用的 token",
        ),
        ('path = "/recuperation/batch/page"', 'path = "/nowhere"', "✗ operations.list_batches: 答复 404"),
        ('ignored = ["realNum", ', "ignored = [", "✓ fields.ignored: 线上列表还有字段：realNum"),
        (
            '"Bearer {token}"',
            '"Token {token}"',
            "✗ operations.list_batches: 答复 401 P10013：token 无效或已过期 → 请对照",
        ),
    ],
)
def test_probe_names_what_does_not_fit_and_the_fix(office: Office, tmp_path: Path, old: str, new: str, said: str):
    text = shipped_text("dialects", "qilu")
    assert old in text
    (tmp_path / "own.toml").write_text(text.replace(old, new), encoding="utf-8")
    tried = office.run("dialect", "probe", str(tmp_path / "own.toml"))
    assert said in tried.out
    assert tried.code == (0 if said.startswith("✓") else 1)


def test_probe_tells_a_portal_out_of_reach(canary: Path):
    write_canary(canary, "http://127.0.0.1:9")
    tried = run("dialect", "probe", "canary.toml", folder=canary)
    assert tried.code == 1
    assert "✗ 获取 token: 没有得到线上系统的答复（connect_failed:ConnectError）" in tried.out


def test_probe_needs_settings(tmp_path: Path):
    told = run("dialect", "probe", "qilu", folder=tmp_path)
    assert told.code == 2
    assert "lxy-bridge init" in told.err


def test_new_makes_a_file_to_be_filled_in_and_overwrites_none(tmp_path: Path):
    made = run("dialect", "new", "weihai.toml", folder=tmp_path)
    assert made.code == 0
    assert "lxy-bridge dialect check weihai.toml" in made.out
    checked = run("dialect", "check", "weihai.toml", folder=tmp_path)
    assert checked.code == 2
    assert "✗ transport.base_url：请照接口文档填写。" in checked.out
    before = (tmp_path / "weihai.toml").read_bytes()
    assert run("dialect", "new", "weihai.toml", folder=tmp_path).code == 2
    assert (tmp_path / "weihai.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--lang", "en", "dialect", "check", "own.toml"],
            "✗ words.level.city: is missing: write the portal's word or",
        ),
        (["dialect", "check", "own.toml"], "✗ words.level.city：未填写，请填写平台的代码或文字。"),
    ],
)
def test_check_names_each_mistake_in_the_language_asked_for(tmp_path: Path, words: list[str], said: str):
    (tmp_path / "own.toml").write_text(shipped_text("dialects", "qilu").replace('city = "22"\n', ""), encoding="utf-8")
    checked = run_in(words, tmp_path)
    assert checked.code == 2
    assert said in checked.out


def run_in(words: list[str], folder: Path) -> Ran:
    """The language is chosen once for a process: another one takes another process."""
    if "--lang" not in words:
        return run(*words, folder=folder)
    return Office(folder, None, None).run_alone(*words)  # type: ignore[arg-type]  # it needs neither


def test_check_tells_wrong_shapes_and_no_toml_alike(tmp_path: Path):
    text = shipped_text("dialects", "qilu")
    (tmp_path / "own.toml").write_text(text.replace("page_size = 100", 'page_size = "x"\nrows = 1'), encoding="utf-8")
    checked = run("dialect", "check", "own.toml", folder=tmp_path)
    assert checked.code == 2
    assert checked.out.splitlines() == [
        "own.toml 有2处错误：",
        "  ✗ limits.page_size：应为整数，不加引号。",
        "  ✗ limits.rows：没有此选项。是否应为 limits.rows_per_call？",
    ]
    (tmp_path / "own.toml").write_text("name = qilu", encoding="utf-8")
    checked = run("dialect", "check", "own.toml", folder=tmp_path)
    assert checked.code == 2
    assert "own.toml 第1行第8列" in checked.out


def test_a_dialect_that_is_not_there_is_told_with_those_that_are(tmp_path: Path):
    assert "没有文件 none.toml" in run("dialect", "check", "none.toml", folder=tmp_path).out
    assert "qilu" in run("dialect", "check", "none", folder=tmp_path).out


@pytest.mark.parametrize("words", [["check", "own.toml"], ["probe", "qilu"]])
def test_no_line_is_wider_than_the_terminal(office: Office, words: list[str]):
    spoilt = (
        shipped_text("dialects", "qilu")
        .replace("{parent}", "{batchId}")
        .replace("page_size = 100", "page_size = 99999")
    )
    (office.folder / "own.toml").write_text(spoilt, encoding="utf-8")
    shown = on_a_terminal(office, "dialect", *words, columns=60)
    assert shown
    assert [line for line in shown.splitlines() if cell_len(line) > 60] == []
