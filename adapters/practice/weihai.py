"""The made-up Weihai: its federations, their units, the bases on the list. The days of the practice."""

from __future__ import annotations

from datetime import date

from schemas.batch import Base, Level

YEAR = 2025
DAY_1 = date(2025, 5, 19)
DAY_2 = date(2025, 5, 20)
ORGANISERS = (
    "荣成市总工会", "乳山市总工会", "环翠区总工会", "文登区总工会", "高区总工会",
    "经区总工会", "临港区总工会", "综保区工会", "市直机关工会",
)  # fmt: skip
BASES = (
    Base("石岛演练疗养基地", Level.CITY, in_province=True),
    Base("银滩演练疗养基地", Level.CITY, in_province=True),
    Base("昆嵛山演练疗养院", Level.DEMONSTRATION, in_province=True),
    Base("温泉演练休养中心", Level.CITY, in_province=True),
    Base("江南演练疗养院", Level.DEMONSTRATION, in_province=False),
    Base("关东演练疗养基地", Level.CITY, in_province=False),
)
_TRADES = ("造船厂", "海运公司", "渔业公司", "纺织公司", "热电公司", "快递公司", "建筑公司", "机械厂")


def units_of(organiser: str) -> tuple[str, ...]:
    """The organiser's units, made up."""
    district = organiser.removesuffix("总工会").removesuffix("工会")
    return tuple(f"{district}演练{trade}" for trade in _TRADES)
