"""The settings: what loads, and what is said of what does not."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.sources.aliases import Aliases
from bridge.config import Config, is_loopback, read_secret, read_secrets
from bridge.config.mistakes import options
from bridge.config.packs import address_of, load_dialect, load_policy
from schemas.batch import Level
from schemas.errors import ConfigError
from schemas.header_words import Column
from schemas.packs import shipped_text
from schemas.texts import Language

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
MINIMAL = """
[federation]
name = "Test federation"
city = "Test"
code = "999900"
year = 2025
policy = "own.toml"

[[source]]
name = "ledgers"
path = "ledgers"

[portal]
base_url = "https://portal.example.cn/api/"
app_id = "app"
app_secret_env = "LXY_APP_SECRET"
"""


@pytest.fixture(autouse=True)
def own_policy(tmp_path: Path) -> None:
    (tmp_path / "own.toml").touch()


def load(folder: Path, text: str) -> Config:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return Config.load(path)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [str(text) for text in caught.value.texts]


def changed(old: str, new: str) -> str:
    assert old in MINIMAL
    return MINIMAL.replace(old, new)


def key_paths(table: object, path: str = "") -> Iterator[str]:
    for part in table if isinstance(table, list) else [table]:
        if isinstance(part, dict):
            for key, value in part.items():
                yield f"{path}{key}"
                yield from key_paths(value, f"{path}{key}.")


def whole_example() -> str:
    """The sample with its optional lines switched on."""
    return re.sub(r"^#(?=\w+ = )", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_sample_loads_as_it_stands():
    config = Config.load(EXAMPLE)
    assert config.source[0].path == EXAMPLE.parent / "ledgers"
    assert config.federation.bases[0].level is Level.CITY


def test_the_sample_names_every_option_and_no_other():
    named = set(key_paths(tomllib.loads(whole_example())))
    of_here = {path for path in named if re.match(r"aliases\.(columns|units|levels|categories)\.", path)}
    free = {
        path for path in named if re.match(r"(portal\.(settings|secrets)|source\.(columns|settings|secrets))\.", path)
    }
    assert named - free - of_here == set(options(Config))
    assert len(of_here) == 6
    assert free == {
        "portal.settings.org_code",
        "portal.secrets.aes_key_file",
        "source.columns.name",
        "source.columns.id_no",
        "source.settings.union",
        "source.secrets.sign_key_file",
    }


def test_the_sample_shows_the_defaults_where_there_are_any(tmp_path: Path):
    sample, minimal = Config.load(EXAMPLE), load(tmp_path, MINIMAL)
    for section in ("deadlines", "rules", "schedule", "log"):
        assert getattr(sample, section) == getattr(minimal, section)
    assert sample.portal.retries == minimal.portal.retries
    assert (sample.practice, sample.mail.enabled) == (minimal.practice, minimal.mail.enabled)
    assert sample.journal.path.name == minimal.journal.path.name
    assert sample.vault.key_file.name == minimal.vault.key_file.name
    assert sample.report.dir.name == minimal.report.dir.name


def test_aliases_say_what_a_heading_and_a_short_name_mean(tmp_path: Path):
    config = load(
        tmp_path, MINIMAL + '\n[aliases]\ncolumns = { "参训 对象" = "姓名" }\nunits = { "甲局" = "甲市甲局" }'
    )
    aliases = Aliases.of(config.aliases.columns, config.aliases.units)
    assert aliases.columns == {"参训对象": Column.NAME}
    assert (aliases.unit("甲局"), aliases.unit("乙局")) == ("甲市甲局", "乙局")


def test_an_alias_of_no_usual_heading_is_a_mistake(tmp_path: Path):
    [said] = mistakes(tmp_path, MINIMAL + '\n[aliases]\ncolumns = { "参训对象" = "什么" }')
    assert said == (
        "aliases.columns: on the right of = stands a usual heading, such as 姓名、身份证号、联系电话、单位、类别."
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'levels = { "街道级" = "街道" }',
            "aliases.levels: on the right of = stands a usual word, such as 省级示范性、市级、区市级、基层.",
        ),
        (
            'categories = { "骨干" = "骨干" }',
            "aliases.categories: on the right of = stands a usual word, such as 技能人才、先进、苦脏累险毒、重点工程、新就业形态.",
        ),
        (
            'levels = { "区级" = "市级" }',
            "aliases.levels: “区级” means something else already; one word cannot mean two.",
        ),
        (
            'levels = { "统筹" = "市级", "统 筹" = "基层" }',
            "aliases.levels: “统 筹” means something else already; one word cannot mean two.",
        ),
        (
            'categories = { "外卖骑手" = "技能人才" }',
            "aliases.categories: “外卖骑手” means something else already; one word cannot mean two.",
        ),
    ],
)
def test_a_word_for_a_level_or_a_category_must_have_one_meaning(tmp_path: Path, line: str, said: str):
    assert mistakes(tmp_path, f"{MINIMAL}\n[aliases]\n{line}") == [said]


def test_every_line_of_the_sample_is_explained_in_chinese_above_it():
    lines = whole_example().splitlines()
    for above, line in pairwise(lines):
        if re.match(r"\w+ = ", line):
            assert re.match(r"# .*[\u4e00-\u9fff].*[A-Za-z]", above), line


def test_the_smallest_file_needs_no_more_than_federation_source_and_portal(tmp_path: Path):
    config = load(tmp_path, MINIMAL)
    assert config.deadlines.days == 5
    assert config.federation.language is Language.ZH_CN
    assert config.portal.base_url == "https://portal.example.cn/api"
    assert config.backup.keep == 7


def test_relative_paths_start_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir("/")
    config = load(tmp_path, MINIMAL)
    assert config.source[0].path == tmp_path / "ledgers"
    assert config.journal.path == tmp_path / "journal.db"
    assert config.vault.key_file == tmp_path / "keys.toml"
    assert config.report.dir == tmp_path / "reports"
    assert config.federation.policy == tmp_path / "own.toml"


def test_an_absolute_path_stays_as_it_is(tmp_path: Path):
    assert load(tmp_path, MINIMAL + '\n[journal]\npath = "/srv/journal.db"').journal.path == Path("/srv/journal.db")


def test_a_settings_value_cannot_be_changed_later(tmp_path: Path):
    config = load(tmp_path, MINIMAL)
    with pytest.raises(ValueError, match="frozen"):
        config.deadlines.days = 6


def test_all_mistakes_are_told_at_once(tmp_path: Path):
    text = (
        changed('policy = "own.toml"', 'policy = "none.toml"')
        .replace('base_url = "https://portal.example.cn/api/"', 'base_url = "http://portal.example.cn"\nsettle = 1')
        .replace('path = "ledgers"', "path = 5\nkind = 'folder'")
        .replace('app_secret_env = "LXY_APP_SECRET"', "")
    )
    text += '[deadlines]\ndays = "5"\nsoon_days = 1.5\nworking_days = "yes"\n[schedule]\nsync = "daily"\n[potral]\n'
    assert mistakes(tmp_path, text) == [
        f"federation.policy: there is no file {tmp_path / 'none.toml'}.",
        'source[1].kind: must be one of "workbook", "database", "http".',
        "source[1].path: write it as text in quotation marks.",
        "portal.base_url: must begin with https:// (http is allowed to this machine itself only).",
        "portal.app_secret_env: is missing, and so is app_secret_file: one of the two is needed.",
        "portal.settle: there is no such option. Is portal.settle_window_s meant?",
        "deadlines.days: must be a whole number, without quotation marks.",
        "deadlines.working_days: must be true or false, without quotation marks.",
        "deadlines.soon_days: must be a whole number, without quotation marks.",
        'schedule.sync: must be five fields: minute hour day month weekday, such as "30 6 * * *" (daily at 06:30).',
        "potral: there is no such option. Is portal meant?",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "[portal.retries]\ntimes = 3",
            "portal.retries.times: there is no such option. Is portal.retries.time_s meant?",
        ),
        ("[journal]\nkey_file = 'k'", "journal.key_file: there is no such option. Is vault.key_file meant?"),
        ("[log]\nlevel = 'INFO'", 'log.level: must be one of "debug", "info", "warning", "error".'),
        ("[deadlines]\ndays = 0", "deadlines.days: must be 1 or more."),
        ("[deadlines]\ndays = 61", "deadlines.days: must be 60 or less."),
        ("[mail]\nrecipients = 'a@example.cn'", "mail.recipients: must be a list in square brackets."),
        (
            "[mail]\nrecipients = ['a b@x']",
            "mail.recipients[1]: must be a plain mail address such as office@example.cn.",
        ),
        ("[mail]\nenabled = true", "mail.host: is needed while mail.enabled = true."),
        ("[portal.retries]\ntime_s = '3'", "portal.retries.time_s: must be a number, without quotation marks."),
        ("[[source]]\nname = ''\npath = 'x'", "source[2].name: must not be empty."),
        ("[[source]]\nname = 'ledgers'\npath = 'x'", "source: two of them have the same name; give each its own."),
        ("[schedule]\nsync = '30 6 * * 1-5'", "schedule.sync: name the days of the week (mon-fri)"),
        ("[rules]\nnames_in_mail = 'clear'", 'rules.names_in_mail: must be one of "masked".'),
    ],
)
def test_each_mistake_names_its_option_and_the_fix(tmp_path: Path, line: str, said: str):
    assert mistakes(tmp_path, MINIMAL + line)[0].startswith(said)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "Test federation"', "", "federation.name: is missing."),
        ("[federation]", "[[federation]]", "federation: is a section, to be written as [federation]"),
        ('policy = "own.toml"', "policy = 5", "federation.policy: write it as text in quotation marks."),
        ('policy = "own.toml"', 'policy = "weihai"', "federation.policy: must be a path ending in .toml, or one of: "),
        ('app_id = "app"', 'app_id = "app"\ndialect = "nowhere"', "portal.dialect: must be a path ending in .toml, or"),
        ('app_secret_env = "LXY_APP_SECRET"', "app_secret_file = 5", "portal.app_secret_file: write it as text"),
        ('app_id = "app"', 'app_id = "app"\nca_file = "ca.pem"', "portal.ca_file: there is no file "),
        (
            'app_id = "app"',
            'app_id = "app"\napp_secret_file = "x"',
            "portal.app_secret_env: use app_secret_file or this",
        ),
    ],
)
def test_a_mistake_in_a_needed_section_is_named_as_well(tmp_path: Path, old: str, new: str, said: str):
    assert mistakes(tmp_path, changed(old, new))[0].startswith(said)


@pytest.mark.parametrize(
    "url", ["portal.example.cn", "https://", "https://u:p@portal.example.cn", "https://[", "ftp://x"]
)
def test_an_address_that_is_none_is_refused_without_repeating_it(tmp_path: Path, url: str):
    said = mistakes(tmp_path, changed("https://portal.example.cn/api/", url))
    assert said == [
        "portal.base_url: must be an address such as https://portal.example.cn/api, without user, password, ? or #."
    ]


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(tmp_path: Path):
    said = mistakes(tmp_path, changed('app_id = "app"', 'app_id = "app"\napp_secret = "CANARY"\n'))
    assert said == ["portal.app_secret: there is no such option. Is portal.app_secret_env meant?"]


def test_no_wrong_value_is_ever_repeated(tmp_path: Path):
    text = MINIMAL.replace('"app"', "['CANARY']").replace("2025", '"CANARY"').replace("999900", "CANARY{key}")
    text += "[mail]\nuser = {CANARY = 1}\nsecurity = 'CANARY'\nsender = 'CANARY'\n[schedule]\nsync = 'CANARY'\n"
    assert "CANARY" not in "".join(mistakes(tmp_path, text))


def test_mail_needs_a_password_where_it_has_a_user(tmp_path: Path):
    mail = "[mail]\nenabled = true\nhost = 'h'\nuser = 'u'\nsender = 'a@x.cn'\nrecipients = ['b@x.cn']\n"
    assert mistakes(tmp_path, MINIMAL + mail)[0].startswith("mail.password_env: is missing")
    assert load(tmp_path, MINIMAL + mail + "password_env = 'P'").mail.password_env == "P"


def test_there_is_no_mail_without_encryption(tmp_path: Path):
    mail = "[mail]\nenabled = true\nsecurity = 'none'\nsender = 'a@x.cn'\nrecipients = ['b@x.cn']\nhost = "
    assert mistakes(tmp_path, MINIMAL + mail + "'127.0.0.1'")[0].startswith("mail.security: must be")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.1.2.3", "::1"])
def test_this_machine_itself_is_loopback(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example.cn", "127.0.0.1.example.cn", "", "0.0.0.0"])
def test_another_machine_is_not_loopback(host: str):
    assert not is_loopback(host)


def test_the_practice_portal_on_this_machine_may_speak_http(tmp_path: Path):
    config = load(tmp_path, changed("https://portal.example.cn/api/", "http://127.0.0.1:8443"))
    assert config.portal.base_url == "http://127.0.0.1:8443"


NEEDY = (files("schemas") / "dialect" / "skeleton.toml").read_text(encoding="utf-8")
"""A dialect that asks for the setting org_code and the secret aes_key."""


def needy(folder: Path, *lines: str, dialect: str = NEEDY) -> Config:
    (folder / "needy.toml").write_text(dialect, encoding="utf-8")
    text = changed('app_id = "app"', "\n".join(('app_id = "app"', 'dialect = "needy.toml"', *lines)))
    return load(folder, text)


def untold(config: Config) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_dialect(config)
    return [str(text) for text in caught.value.texts]


def test_what_the_dialect_asks_for_is_asked_for_by_path(tmp_path: Path):
    assert untold(needy(tmp_path)) == [
        "portal.settings.org_code: is missing. The dialect example asks for it: 单位编码。The federation's code on the portal",
        "portal.secrets.aes_key_file: is missing. The dialect example asks for it: 加密密钥，16 个字符。Its encryption key",
    ]


def test_what_the_dialect_does_not_ask_for_is_a_mistake(tmp_path: Path):
    told = untold(
        needy(tmp_path, 'settings = { org_cod = "1", x = "2" }', 'secrets = { aes_key_env = "K", y_file = "y" }')
    )
    assert told[1:] == [
        "portal.settings.org_cod: the dialect example does not ask for it. Is org_code meant?",
        "portal.settings.x: the dialect example does not ask for it; leave it out.",
        "portal.secrets.y_file: the dialect example does not ask for it; leave it out.",
    ]


def test_settings_and_secrets_of_a_dialect_are_told_where_they_lie(tmp_path: Path):
    (tmp_path / "aes.secret").write_text("0123456789abcdef\n", encoding="utf-8")
    (tmp_path / "aes.secret").chmod(0o600)
    config = needy(tmp_path, 'settings = { org_code = "370000" }', 'secrets = { aes_key_file = "aes.secret" }')
    assert load_dialect(config).name == "example"
    assert config.portal.settings == {"org_code": "370000"}
    assert read_secrets(config.portal.secrets) == {"aes_key": "0123456789abcdef"}
    assert read_secrets({"aes_key_env": "K"}, environ={"K": "s"}) == {"aes_key": "s"}


def test_the_address_comes_from_the_settings_or_else_from_the_dialect(tmp_path: Path):
    known = ('settings = { org_code = "370000" }', 'secrets = { aes_key_env = "K" }')
    config = needy(tmp_path, *known)
    assert address_of(load_dialect(config), config.portal) == "https://portal.example.cn/api"
    nowhere = config.portal.model_copy(update={"base_url": None})
    assert address_of(load_dialect(config), nowhere) == "https://portal.example.cn/api"
    (tmp_path / "needy.toml").write_text(NEEDY.replace("base_url = ", "#base_url = "), encoding="utf-8")
    assert untold(config.model_copy(update={"portal": nowhere})) == [
        "portal.base_url: is missing, and the dialect example has none of its own."
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'secrets = { aes_key = "x" }',
            "portal.secrets.aes_key: write where the secret lies: aes_key_file = its file,",
        ),
        ('secrets = { k_file = "x", k_env = "K" }', "portal.secrets: k_file or k_env, not both."),
        ("settings = { org_code = 5 }", "portal.settings.org_code: write it as text in quotation marks."),
        ('client_cert_file = "own.toml"', "portal.client_key_file: a client certificate needs client_cert_file and"),
        ('client_cert_file = "none.pem"', "portal.client_cert_file: there is no file "),
    ],
)
def test_each_mistake_around_the_dialect_names_its_option_and_the_fix(tmp_path: Path, line: str, said: str):
    assert mistakes(tmp_path, changed('app_id = "app"', f'app_id = "app"\n{line}'))[0].startswith(said)


def test_a_dialect_with_mistakes_stops_the_start_with_all_of_them(tmp_path: Path):
    spoilt = NEEDY.replace("{parent}", "{parnet}").replace('city = "22"', "")
    first, *rest = untold(needy(tmp_path, dialect=spoilt))
    assert first == f"{tmp_path / 'needy.toml'} is not right in {len(rest)} places:"
    assert "words.level.city: is missing: write the portal's word or code for it." in rest


def test_a_dialect_that_is_not_toml_is_told_by_line_and_column(tmp_path: Path):
    [told] = untold(needy(tmp_path, dialect="name = CANARY"))
    assert "needy.toml, line 1, column 8: this is not TOML." in told
    assert "CANARY" not in told


def test_a_policy_is_explained_like_the_settings(tmp_path: Path):
    pack = shipped_text("policies", "weihai-2025").replace('severity = "explain"', 'severity = "warn"', 1)
    (tmp_path / "own.toml").write_text(pack.replace("across = 7", "across = 0"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_policy(load(tmp_path, MINIMAL))
    assert [str(text) for text in caught.value.texts[1:]] == [
        'rules[2].severity: must be one of "block", "explain", "inform".',
        "rules[2].params.across: must be more than 0.",
    ]


def test_a_missing_file_names_the_command_that_makes_one(tmp_path: Path):
    with pytest.raises(ConfigError, match="lxy-bridge init"):
        Config.load(tmp_path / "config.toml")


def test_a_folder_in_place_of_the_file_is_said(tmp_path: Path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Config.load(tmp_path)


def test_a_file_saved_by_notepad_loads(tmp_path: Path):
    (tmp_path / "config.toml").write_bytes(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())
    assert Config.load(tmp_path / "config.toml").federation.code == "999900"


def test_a_file_in_gb18030_is_asked_for_in_utf8(tmp_path: Path):
    (tmp_path / "config.toml").write_bytes(MINIMAL.replace("Test federation", "示例市总工会").encode("gb18030"))
    with pytest.raises(ConfigError, match="Save it again as UTF-8"):
        Config.load(tmp_path / "config.toml")


def test_a_file_that_is_not_toml_is_told_by_line_and_column(tmp_path: Path):
    said = mistakes(tmp_path, 'practice = false\npath = "C:\\ledgers"\n')
    assert "line 2, column 13: this is not TOML" in said[0]
    assert "C:" not in said[0]


def test_a_file_without_any_source_is_refused(tmp_path: Path):
    text = "source = []\n" + MINIMAL.replace('[[source]]\nname = "ledgers"\npath = "ledgers"\n', "")
    assert mistakes(tmp_path, text) == ["source: must not be empty."]
    assert mistakes(tmp_path, text.replace("source = []", "")) == ["source: is missing."]


def test_every_mistake_is_one_line_in_the_language_asked_for(tmp_path: Path):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, MINIMAL + "[deadlines]\ndays = 0\nsoon_days = -1\n")
    assert caught.value.into(Language.EN).splitlines() == [
        "deadlines.days: must be 1 or more.",
        "deadlines.soon_days: must be 0 or more.",
    ]
    assert caught.value.exit_code == 2


def test_a_secret_comes_from_its_file_without_the_line_end(tmp_path: Path):
    (tmp_path / "secret").write_text("s3cret\n", encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    assert read_secret(tmp_path / "secret", None) == "s3cret"


def test_a_secret_comes_from_the_environment_where_there_is_no_file():
    assert read_secret(None, "LXY", environ={"LXY": "s3cret"}) == "s3cret"


def test_an_unset_variable_is_named():
    with pytest.raises(ConfigError, match="LXY"):
        read_secret(None, "LXY", environ={})


def test_a_secret_file_open_to_others_is_refused_with_the_command_that_closes_it(tmp_path: Path):
    (tmp_path / "secret").write_text("s3cret", encoding="utf-8")
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigError, match=f"chmod 600 {tmp_path / 'secret'}"):
        read_secret(tmp_path / "secret", None)


def test_a_secret_kept_by_systemd_is_trusted_although_its_acl_shows_as_rights_of_the_group(tmp_path: Path):
    (tmp_path / "secret").write_text("s3cret", encoding="utf-8")
    (tmp_path / "secret").chmod(0o440)
    assert read_secret(tmp_path / "secret", None, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}) == "s3cret"


@pytest.mark.parametrize(("content", "said"), [(b"\n", "is empty"), (b"\xff", "not UTF-8"), (None, "cannot be read")])
def test_a_secret_file_without_a_secret_is_refused(tmp_path: Path, content: bytes | None, said: str):
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
        (tmp_path / "secret").chmod(0o600)
    with pytest.raises(ConfigError, match=said):
        read_secret(tmp_path / "secret", None)


BY_HAND = MINIMAL[: MINIMAL.index("[portal]")] + '[portal]\ncarrier = "workbook"\n'


def test_files_carried_by_hand_need_neither_address_nor_secret(tmp_path: Path):
    portal = load(tmp_path, BY_HAND).portal
    assert (portal.outbox, portal.inbox, portal.template) == (tmp_path / "待上传", tmp_path / "线上导出", None)
    assert (portal.base_url, portal.app_id) == (None, None)


def test_an_interface_needs_its_address_and_our_id(tmp_path: Path):
    assert mistakes(tmp_path, changed('app_id = "app"', "")) == ["portal.app_id: is missing."]
    nowhere = load(tmp_path, changed('base_url = "https://portal.example.cn/api/"', ""))
    assert untold(nowhere) == ["portal.base_url: is missing, and the dialect qilu has none of its own."]


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ('carrier = "fax"', 'portal.carrier: must be one of "http", "workbook".'),
        ('inbox = "待上传"', "portal.inbox: must be another folder than portal.outbox."),
        ('template = "没有.xlsx"', "portal.template: there is no file {folder}/没有.xlsx."),
        ("outbox = 3", "portal.outbox: write it as text in quotation marks."),
        (
            'outbox = "ledgers/待上传"',
            (
                "portal.outbox: lies in the folder of source ledgers, so its files would be read as ledgers."
                " Put it elsewhere."
            ),
        ),
        (
            'inbox = "ledgers"',
            (
                "portal.inbox: lies in the folder of source ledgers, so its files would be read as ledgers."
                " Put it elsewhere."
            ),
        ),
    ],
    ids=["carrier", "one folder", "template", "kind", "below a source", "a source"],
)
def test_each_mistake_about_files_carried_by_hand_is_named(tmp_path: Path, lines: str, mistake: str):
    text = BY_HAND if not lines.startswith("carrier") else BY_HAND.replace('carrier = "workbook"\n', "")
    assert mistakes(tmp_path, f"{text}{lines}\n") == [mistake.format(folder=tmp_path)]


def test_a_folder_beside_ledgers_that_are_not_looked_for_below_is_no_mistake(tmp_path: Path):
    text = BY_HAND.replace('path = "ledgers"', 'path = "."\nglob = "*.xlsx"')
    assert load(tmp_path, text).portal.outbox == tmp_path / "待上传"


DATABASE = MINIMAL.replace('path = "ledgers"', 'kind = "database"\nurl = "sqlite:///台账.db"\npeople = "SELECT 1"')


def test_a_database_is_a_source_and_its_file_lies_beside_the_settings(tmp_path: Path):
    [source] = load(tmp_path, DATABASE).source
    assert (source.path, source.url) == (None, f"sqlite:///{tmp_path / '台账.db'}")
    assert (source.overlap_s, source.timeout_s, source.columns) == (300, 60, {})


def test_the_sample_shows_the_defaults_of_a_database(tmp_path: Path):
    [source] = load(tmp_path, DATABASE).source
    sample = Config.load(EXAMPLE).source[0]
    assert (sample.overlap_s, sample.timeout_s) == (source.overlap_s, source.timeout_s)


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ('people = "SELECT 1"', "", "source[1].people: is missing."),
        ('url = "sqlite:///台账.db"', "", "source[1].url: is missing."),
        ('kind = "database"', 'kind = "database"\npath = "x"', 'source[1].path: belongs to kind = "workbook".'),
        ('kind = "database"', 'path = "x"', 'source[1].url: belongs to kind = "database".'),
        (
            "sqlite:///台账.db",
            "oracle://db",
            "source[1].url: must begin with one of sqlite://, postgresql://, mysql://, mariadb://.",
        ),
        (
            "sqlite:///台账.db",
            "mysql://me:CANARY@db/union",
            "source[1].url: the password does not stand here; write password_file or password_env.",
        ),
        (
            "sqlite:///台账.db",
            "postgresql:///union?password=CANARY",
            "source[1].url: the password does not stand here; write password_file or password_env.",
        ),
        ("sqlite:///台账.db", "mysql://db:port/union", "source[1].url: is not the address of a database."),
        ('"sqlite:///台账.db"', "5", "source[1].url: write it as text in quotation marks."),
        ('people = "SELECT 1"', 'people = "SELECT 1"\ntimeout_s = 0', "source[1].timeout_s: must be more than 0.0."),
    ],
    ids=["people", "url", "path", "kind", "another", "password", "password in the query", "port", "number", "time-out"],
)
def test_each_mistake_about_a_database_is_named_without_its_value(tmp_path: Path, old: str, new: str, mistake: str):
    assert mistakes(tmp_path, DATABASE.replace(old, new))[0] == mistake


def test_a_field_that_no_ledger_has_is_no_column(tmp_path: Path):
    [said] = mistakes(tmp_path, DATABASE.replace("people =", 'columns = { nmae = "xm" }\npeople ='))
    assert said.startswith("source[1].columns")
