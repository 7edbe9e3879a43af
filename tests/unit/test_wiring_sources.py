"""From the settings to a source: a database as staff write it."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from bridge.config import Config
from bridge.read import read
from bridge.wiring.service import NobodyWatches
from bridge.wiring.sources import ledgers_in_sight, sources_of
from schemas.batch import BatchKey, Level
from schemas.errors import ConfigError, SourceError
from schemas.packs import shipped_text
from tests.adapters.ledgers import id_no, name

SETTINGS = """
[federation]
name = "示例市总工会"
city = "示例"
code = "999900"
year = 2025
policy = "weihai-2025"

[[source]]
name = "区总系统"
kind = "database"
url = "sqlite:///台账.db"
people = "SELECT * FROM people"
columns = { name = "xm", id_no = "sfzh" }
organiser = "示例区总工会"
level = "district"

[portal]
base_url = "https://portal.example.cn/api"
app_id = "app"
app_secret_env = "LXY_APP_SECRET"
"""


def config_in(folder: Path, text: str = SETTINGS) -> Config:
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return Config.load(folder / "config.toml")


def unread(*_: object) -> None:
    raise AssertionError("there is no file to understand")


def test_a_database_is_read_as_the_settings_say(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "台账.db") as connection:
        connection.execute("CREATE TABLE people (xm, sfzh, 单位, 类别, 批次, 基地, 疗休养时间)")
        person = (name(1), id_no(1), "示例渔业公司", 1, 2, "示例基地", "5月3日-7日")
        connection.execute("INSERT INTO people VALUES (?,?,?,?,?,?,?)", person)
    connection.close()
    config = config_in(tmp_path)
    [(known, reading)] = read(sources_of(config, unread), {}, NobodyWatches()).read
    [roster] = reading.rosters
    assert known.stamp.path == "区总系统/people"
    assert (roster.batch.key, roster.batch.level) == (BatchKey(2025, "示例区总工会", "第2批"), Level.DISTRICT)
    assert [person.id_no for person in roster.people] == [id_no(1)]
    assert ledgers_in_sight(config) == 1


def test_a_database_that_is_not_there_is_told_when_it_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="区总系统 does not answer"):
        ledgers_in_sight(config_in(tmp_path))
    assert not (tmp_path / "台账.db").exists()


def test_a_password_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    text = SETTINGS.replace("sqlite:///台账.db", "postgresql://reader@127.0.0.1/union")
    with pytest.raises(ConfigError, match="LXY_NO_SUCH"):
        sources_of(config_in(tmp_path, text.replace("people =", 'password_env = "LXY_NO_SUCH"\npeople =')), unread)


LISTED = SETTINGS.replace(
    'kind = "database"\nurl = "sqlite:///台账.db"\npeople = "SELECT * FROM people"\n', "{about}\n"
).replace('columns = { name = "xm", id_no = "sfzh" }\n', "")


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ('kind = "http"\nbase_url = "https://local.example.cn"', r"source\[1\].dialect: is missing"),
        ('kind = "http"\ndialect = "qilu"', r"source\[1\].base_url: is missing"),
        (
            'kind = "http"\nbase_url = "https://x.example.cn"\ndialect = "qilu"\nurl = "sqlite:///x.db"',
            "belongs to kind",
        ),
        (
            'kind = "http"\nbase_url = "https://x.example.cn"\ndialect = "qilu"\nsecrets = { a_env = "A" }',
            "source.secrets.a_env: the dialect qilu does not ask for it",
        ),
    ],
)
def test_what_the_settings_do_not_tell_of_a_local_system_stops_the_start(tmp_path: Path, about: str, told: str) -> None:
    with pytest.raises(ConfigError) as stopped:
        sources_of(config_in(tmp_path, LISTED.format(about=about)), unread)
    assert re.search(told, "\n".join(map(str, stopped.value.texts)))


def test_a_local_system_that_lists_no_people_is_no_source(tmp_path: Path) -> None:
    head, _, rest = shipped_text("dialects", "qilu").partition("[operations.list_people]")
    text = head.replace('delivery_class = "K3"', 'delivery_class = "K4"') + "[paging]" + rest.partition("[paging]")[2]
    (tmp_path / "local.toml").write_text(text, "utf-8")
    about = 'kind = "http"\nbase_url = "https://x.example.cn"\ndialect = "local.toml"'
    with pytest.raises(ConfigError, match="a source needs both"):
        sources_of(config_in(tmp_path, LISTED.format(about=about)), unread)
