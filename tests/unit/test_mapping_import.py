"""Words that staff write into the mapping sheet become aliases; what could mean two things is refused with its row."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bridge.config.edit import write_table
from bridge.mapping_import import Found, Row, words_of
from schemas.batch import Level
from schemas.errors import ConfigError
from schemas.header_words import header_words
from schemas.texts import Language

Line = tuple[int, str, str]


def found_in(*lines: Line, known: dict[str, dict[str, str]] | None = None) -> Found:
    return words_of([Row("字段", *line) for line in lines], known or {})


def refused(*lines: Line, known: dict[str, dict[str, str]] | None = None) -> list[tuple[int, str]]:
    return [(row.number, reason.into(Language.EN)) for row, reason in found_in(*lines, known=known).refused]


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
    assert found_in((2, cell, "person.name")).added == {"columns": {"参训对象": "姓名"}}


def test_what_is_understood_already_is_no_news() -> None:
    rows = [(2, "姓名、参 训 对 象", "person.name"), (4, "身份证号", "person.id_no"), (3, "证件号", "person.id_type")]
    found = found_in(*rows, known={"columns": {"参训对象": "姓名"}})
    assert (found.added, found.refused) == ({}, ())


def test_one_heading_for_two_fields_is_refused_and_says_which_it_means() -> None:
    assert refused((2, "单位", "person.name")) == [(2, "“单位” means 单位 already; one word cannot mean two things")]
    twice = found_in((2, "对象", "person.name"), (6, "对象", "person.unit"))
    assert (twice.added, [row.number for row, _ in twice.refused]) == ({"columns": {"对象": "姓名"}}, [6])
    [(_, reason)] = refused((6, "对象", "person.unit"), known={"columns": {"对象": "姓名"}})
    assert "means 姓名 already" in reason


@pytest.mark.parametrize("key", ["batch.headcount", "", "words.level.11", "words.id_type.resident"])
def test_what_comes_from_no_column_takes_no_heading(key: str) -> None:
    [(row, reason)] = refused((9, "甲数", key))
    assert (row, "nothing in a ledger says this" in reason) == (9, True)


def test_a_word_for_a_level_or_a_category_is_added_in_its_own_table() -> None:
    lines = [(2, "市级、市总统筹", "words.level.city"), (6, "技能人才、1、一线骨干", "words.category.skilled")]
    found = found_in(*lines)
    assert found.added == {"levels": {"市总统筹": "市级"}, "categories": {"一线骨干": "技能人才"}}
    assert (found_in(*lines, known=dict(found.added)).added, found.refused) == ({}, ())


@pytest.mark.parametrize(
    ("word", "key", "usual"),
    [
        ("区级", "words.level.city", "区市级"),
        ("外卖骑手", "words.category.skilled", "新就业形态"),
        ("2", "words.category.skilled", "先进"),
    ],
)
def test_a_word_that_means_another_level_or_category_is_refused(word: str, key: str, usual: str) -> None:
    assert refused((3, word, key)) == [(3, f"“{word}” means {usual} already; one word cannot mean two things")]


def test_words_that_are_written_with_a_comma_are_not_torn_apart() -> None:
    cell = "、".join(header_words().levels[Level.DISTRICT])
    assert "区、市级" in cell
    found = found_in((4, cell + "、镇街级", "words.level.district"))
    assert (found.added, found.refused) == ({"levels": {"镇街级": "区市级"}}, ())


def test_a_word_may_be_a_heading_and_a_level_at_once() -> None:
    """Each is looked for in a place of its own."""
    found = found_in((2, "统筹", "batch.level"), (3, "统筹", "words.level.city"))
    assert found.added == {"columns": {"统筹": "层级"}, "levels": {"统筹": "市级"}}


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
