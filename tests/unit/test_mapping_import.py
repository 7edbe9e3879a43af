"""Headings that staff write into the mapping sheet become aliases; what could mean two things is refused with its row."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bridge.config.edit import write_table
from bridge.mapping_import import headings_of
from schemas.errors import ConfigError
from schemas.texts import Language


def refused(*rows: tuple[int, str, str], known: dict[str, str] | None = None) -> list[tuple[int, str]]:
    return [(row, reason.into(Language.EN)) for row, reason in headings_of(rows, known or {}).refused]


@pytest.mark.parametrize(
    "cell",
    [
        "姓名、参训对象",
        "姓名，参训对象",
        "姓名,参训对象",
        "姓名\n参训对象",
        "参训对象 、姓名、单位名称：",
        "-、参训对象、、",
    ],
)
def test_a_heading_nobody_knows_is_added_for_the_field_of_its_row(cell: str) -> None:
    assert headings_of([(2, cell, "person.name")], {}).added == {"参训对象": "姓名"}


def test_what_is_understood_already_is_no_news() -> None:
    rows = [(2, "姓名、参 训 对 象", "person.name"), (4, "身份证号", "person.id_no"), (3, "证件号", "person.id_type")]
    found = headings_of(rows, {"参训对象": "姓名"})
    assert (found.added, found.refused) == ({}, ())


def test_one_heading_for_two_fields_is_refused_and_says_which_it_means() -> None:
    assert refused((2, "单位", "person.name")) == [(2, "“单位” means 单位 already; one heading cannot mean two fields")]
    twice = headings_of([(2, "对象", "person.name"), (6, "对象", "person.unit")], {})
    assert (twice.added, [row for row, _ in twice.refused]) == ({"对象": "姓名"}, [6])
    [(_, reason)] = refused((6, "对象", "person.unit"), known={"对象": "姓名"})
    assert "means 姓名 already" in reason


@pytest.mark.parametrize("key", ["batch.headcount", "", "words.level.11"])
def test_what_comes_from_no_column_takes_no_heading(key: str) -> None:
    [(row, reason)] = refused((9, "甲数", key))
    assert (row, "no column holds this field" in reason) == (9, True)


BEFORE = '# 说明\n[federation]\nname = "测试"  # 名称\n\n[aliases]\n# 别名\n#columns = { "旧" = "姓名" }\n#units = {}\n\n[log]\n'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, BEFORE.replace("[aliases]\n", '[aliases]\ncolumns = { "对象" = "姓名", "a\\"b" = "单位" }\n')),
        (
            BEFORE.replace("#columns", "columns"),
            BEFORE.replace('#columns = { "旧" = "姓名" }', 'columns = { "对象" = "姓名", "a\\"b" = "单位" }'),
        ),
        ("[log]\n", '[log]\n\n[aliases]\ncolumns = { "对象" = "姓名", "a\\"b" = "单位" }\n'),
        ("[log]\r\n", '[log]\r\n\r\n[aliases]\r\ncolumns = { "对象" = "姓名", "a\\"b" = "单位" }\r\n'),
    ],
)
def test_the_settings_keep_every_other_line(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(before.encode())
    file.chmod(0o640)
    write_table(file, "aliases", "columns", {"对象": "姓名", 'a"b': "单位"})
    assert file.read_bytes().decode() == after
    assert tomllib.loads(after)["aliases"]["columns"] == {"对象": "姓名", 'a"b': "单位"}
    assert (file.stat().st_mode & 0o777, list(tmp_path.iterdir())) == (0o640, [file])


@pytest.mark.parametrize(
    "before", ["[aliases.columns]\n旧 = '姓名'\n", "[aliases]\ncolumns.旧 = '姓名'\n", "aliases = { columns = {} }\n"]
)
def test_what_is_written_otherwise_is_left_to_the_one_who_wrote_it(tmp_path: Path, before: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(before, encoding="utf-8")
    with pytest.raises(ConfigError, match="write this line"):
        write_table(file, "aliases", "columns", {"对象": "姓名"})
    assert (file.read_text("utf-8"), list(tmp_path.iterdir())) == (before, [file])
