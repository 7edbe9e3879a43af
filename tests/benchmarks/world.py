"""What is measured on: a ledger as staff keep it, and the bridge's own folder beside it. Everybody is made up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import xlsxwriter

from bridge.config import Config
from bridge.wiring.service import found
from schemas.identity import check_digit

PER_BATCH = 100
PER_SHEET = 10_000
_TITLE = "2025年职工疗休养实名制汇总表"
_HEADER = (
    *("序号", "单位", "姓名", "性别", "民族", "证件类型", "身份证号", "联系电话", "职务", "人员类别"),
    *("政治面貌", "技能等级", "参加工作时间", "紧急联系人", "备注"),
)
_GROUPS = ("技能人才", "先进职工", "艰苦岗位职工", "突出贡献职工", "新就业形态劳动者")
_BORN_A_DAY = 900
_SETTINGS = """\
[federation]
name = "测试总工会"
city = "测试市"
code = "999900"
year = 2025
policy = "weihai-2025"

[[source]]
name = "ledgers"
path = "ledgers"
quiet_s = 0

[portal]
base_url = "{base_url}"
app_id = "{app_id}"
app_secret_file = "portal.secret"

[log]
file = "bridge.log"
"""


def furnish(
    folder: Path, *, base_url: str = "http://127.0.0.1:9", app_id: str = "nobody", secret: str = "none"
) -> Config:
    """A fresh folder with settings, keys, an empty journal and room for ledgers."""
    (folder / "ledgers").mkdir(parents=True)
    (folder / "portal.secret").write_text(secret, encoding="utf-8")
    (folder / "portal.secret").chmod(0o600)
    (folder / "config.toml").write_text(_SETTINGS.format(base_url=base_url, app_id=app_id), encoding="utf-8")
    config = Config.load(folder / "config.toml")
    found(config)
    return config


def write_ledger(path: Path, people: int, *, organiser: str = "测试总工会", saved: int = 0) -> None:
    """15 columns; a batch for each 100 people, a sheet for each 100 batches and an organiser for each sheet.

    Another `saved` makes other bytes of the same rows.
    """
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"created": datetime(2025, 5, 19, 8, saved, tzinfo=UTC)})
        for start in range(0, people, PER_SHEET):
            lines = _sheet(range(start, min(start + PER_SHEET, people)), f"{organiser}{start // PER_SHEET:02d}")
            sheet = book.add_worksheet(f"汇总表{start // PER_SHEET:02d}")
            for at, cells in enumerate(lines):
                sheet.write_row(at, 0, cells)


def _sheet(people: range, organiser: str) -> Iterator[tuple[str | int | None, ...]]:
    yield (_TITLE,)
    yield (f"单位：{organiser}    2025年度",)
    yield _HEADER
    for first in range(0, len(people), PER_BATCH):
        batch = people[first : first + PER_BATCH]
        yield (f"第{first // PER_BATCH + 1:02d}批（2025年5月3日—5月7日，测试海滨疗休养基地，基层）",)
        yield from (_person(number) for number in batch)
        yield ("合计", None, f"{len(batch)}人")
        yield ()


def _person(number: int) -> tuple[str | int | None, ...]:
    identity = (number % PER_BATCH + 1, f"测试{number // 20 % 50:02d}厂工会", name(number), "男", "汉族")
    work = ("钳工", _GROUPS[number % 5], "群众", "高级工", "2005-07", f"测{name(number)}", None)
    return (*identity, "居民身份证", id_no(number), phone(number), *work)


def name(number: int) -> str:
    return f"试{chr(0x4E00 + number % 5000)}{chr(0x4E00 + number // 5000)}"


def id_no(number: int) -> str:
    born = date(1970, 1, 1) + timedelta(days=number // _BORN_A_DAY)
    digits = f"999001{born:%Y%m%d}{number % _BORN_A_DAY:03d}"
    return digits + check_digit(digits)


def phone(number: int) -> str:
    return f"1990000{number % 10_000:04d}"
