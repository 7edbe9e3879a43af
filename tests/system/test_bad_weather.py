"""What the bridge does in each weather of the practice portal: never a wrong claim, never a traceback, and never twice.

Each test enters a batch of its own while the weather is bad; then the sky clears, and three runs at most must do.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest

from adapters.practice.traffic import read_traffic
from adapters.practice.weather import Weather
from tests.adapters.ledgers import id_no, row
from tests.reliability.checker import Bounds, check
from tests.reliability.storm import in_memory
from tests.system.office import ORGANISER, ROOT, Office, Ran, open_office

SAVE_PEOPLE = "/recuperation/person/saveBatch"
PATIENT = Bounds(attempts=2)
WHOLE_DAY = ["00:00-12:00", "12:00-00:00"]
SMALL_PAGES = {"page_size = 100": "page_size = 2"}
LOOKED_AT = {
    "deadline_s = 60 ": "deadline_s = 2 ",
    'Authorization = "Bearer {token}" }': 'Authorization = "Bearer {token}", X-Request-Time = "{time}" }',
    '[[answer.rules]]\ncode = "S10019"': '[[answer.rules]]\ncode = "P10014"\nreaction = "clock"\n'
    '[[answer.rules]]\ncode = "S10019"',
}
NO_PEOPLE_LISTED = {
    'delivery_class = "K3"': 'delivery_class = "K4"',
    '[operations.list_people]\nmethod = "GET"\npath = "/recuperation/person/page"\nquery = { batchId = "{parent}" }\n': "",
}


@dataclass
class Season:
    """One office through all weathers; `wanted` is who must be online in the end."""

    office: Office
    wanted: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    batches: Iterator[int] = field(default_factory=lambda: count(1))

    def new_batch(self) -> str:
        """Three people, in a ledger of their own."""
        batch, people = f"第{next(self.batches)}批", [next(self.numbers) for _ in range(3)]
        self.office.keep(f"{batch}.xlsx", *(row(number) for number in people), batch=batch)
        key = f"2025/{ORGANISER}/{batch}"
        self.wanted |= {(key, digest(number)): {"laborName": "荣成市渔业公司"} for number in people}
        return key

    def enter(self, number: int, **fields: object) -> str:
        """A batch of one person, spelt like this; the batch as the portal's ledger names it."""
        batch = f"第{next(self.batches)}批"
        self.office.keep(f"{batch}.xlsx", row(number, **fields), batch=batch)
        return f"2025/{ORGANISER}/{batch}"

    def sync(self, **weather: object) -> Ran:
        self.office.portal.set_weather(**weather)
        ran = self.office.run("sync")
        assert ran.code in {0, 1}
        assert "Traceback" not in ran.err
        assert self.violations(Bounds(settled=False, attempts=2)) == []
        assert self.held_for_equal() <= self.stored()
        return ran

    def clears_up(self) -> None:
        """Good weather: in three runs everything is there, once, and the bridge says so."""
        self.office.portal.set_weather(**asdict(Weather()) | {"expire_tokens": False})
        assert any(self._went_well() for _ in range(3))
        assert self.violations(PATIENT) == []

    def _went_well(self) -> bool:
        """Else a second passes: a portal's wish for quiet holds from run to run."""
        well = self.sync().code == 0
        if not well:
            time.sleep(1.0)
        return well

    def violations(self, bounds: Bounds) -> list[str]:
        return check(self.office.portal.folder, self.journal, self.wanted, bounds=bounds).violations

    def stored(self) -> int:
        return sum(effect.effect.value == "person_created" for effect in self.office.portal.effects())

    def held_for_equal(self) -> int:
        return self.asked("SELECT count(*) FROM pair WHERE mark_offline = mark_online")

    def asked(self, query: str) -> int:
        with closing(sqlite3.connect(self.journal)) as journal:
            return int(journal.execute(query).fetchone()[0])

    @property
    def journal(self) -> Path:
        return self.office.folder / "journal.db"


def digest(number: int) -> str:
    return sha256(id_no(number).encode()).hexdigest()


def use(office: Office, *changes: dict[str, str]) -> None:
    """The shipped dialect, changed."""
    text = (ROOT / "schemas/dialects/qilu.toml").read_text("utf-8")
    for old, new in {old: new for change in changes for old, new in change.items()}.items():
        assert old in text
        text = text.replace(old, new)
    (office.folder / "weather.toml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def season() -> Iterator[Season]:
    with in_memory() as folder, open_office(folder) as office:
        office.change("[portal]\n", '[portal]\ndialect = "weather.toml"\n')
        office.change(
            "settle_window_s = 0\n", f'settle_window_s = 0\nca_file = "{office.mailbox.ca_file.as_posix()}"\n'
        )
        use(office, LOOKED_AT)
        yield Season(office)


IN_ONE_RUN: dict[str, dict[str, object]] = {
    "a reply is lost": {"lose_replies": 1},
    "a page of HTML comes, nothing is stored": {"html": 1, "only": SAVE_PEOPLE},
    "a page of HTML comes, all is stored": {"html_stored": 1, "only": SAVE_PEOPLE},
    "the answer is cut in the middle": {"cut": 1, "only": SAVE_PEOPLE},
    "the answer is longer than it says": {"wrong_length": 1, "only": SAVE_PEOPLE},
    "the answer never ends": {"endless": 1, "only": SAVE_PEOPLE},
    "the answer comes byte by byte": {"trickle_s": 0.2, "only": SAVE_PEOPLE},
    "the answer is of 25 MB": {"padding_bytes": 25_000_000, "only": SAVE_PEOPLE},
    "a used connection closes": {"stale": 1, "only": SAVE_PEOPLE},
    "each connection closes": {"close_each": True},
    "verdicts come in another order": {"permute": True},
    "a verdict is missing": {"leave_out": 1},
    "a verdict comes twice with two ids": {"repeat": 1},
    "a verdict contradicts itself": {"contradict": 1},
    "a verdict is of nobody": {"strangers": 1},
    "all verdicts are of others": {"swap": 1},
    "it says saved and stores nothing": {"drop_people": 2},
    "three people at once are too many": {"rows_at_most": 2},
    "a field of its verdicts has another name": {"renames": ["saved=stored"]},
    "a field of the people it lists has another name": {"renames": ["laborName=unitName"]},
    "it is busy once": {"outage": 1, "retry_after_s": 0},
    "it is throttled once": {"throttle": 1, "retry_after_s": 0, "only": SAVE_PEOPLE},
    "all tokens end": {"expire_tokens": True},
    "answers are in GB18030, undeclared": {"charset": "gb18030"},
    "answers are in GB18030, and say UTF-8": {"charset": "gb18030", "declared": "utf-8"},
    "answers are in UTF-8, and say GBK": {"declared": "gbk"},
    "answers are in UTF-8, and say nonsense": {"declared": "x-nonsense"},
    "its clock is ten minutes ahead": {"clock_off_s": 600.0, "stamp_tolerance_s": 90.0},
    "its clock is ten minutes behind": {"clock_off_s": -600.0, "stamp_tolerance_s": 90.0},
    "ids are masked": {"mask": True},
    "serials count": {"delivers": "K1"},
    "serials count, and a reply is lost": {"delivers": "K1", "lose_replies": 1, "doubles": True},
}

ON_SMALL_PAGES: dict[str, dict[str, object]] = {
    "a row is added between pages": {"shift_pages": 1, "shift_rows": -1},
    "a row is removed between pages": {"shift_pages": 1, "shift_rows": 1},
    "its total is one too few": {"miscount": -1},
    "its total is one too many": {"miscount": 1},
    "its pages never stand still": {"shift_pages": 99},
}

LATER: dict[str, dict[str, object]] = {
    "it is closed": {"closed": True},
    "it is closed by its own clock": {"closing_hours": WHOLE_DAY},
    "it is down": {"outage": 99, "retry_after_s": 0},
    "it is down and names a date": {"outage": 99, "retry_after_s": 1, "retry_after_as_date": True},
    "it is throttled": {"throttle": 99, "retry_after_s": 1},
    "everything is HTML": {"html": 99},
    "all answers are cut": {"cut": 99},
    "its total is one too many": {"miscount": 1},
    "answers are in UTF-16": {"charset": "utf-16"},
    "the id of its records has another name": {"renames": ["id=recordId"]},
    "its total has another name": {"renames": ["total=count"]},
    "its code has another name": {"renames": ["code=errorCode"]},
    "all its fields have other names": {"renames": ["code=errorCode", "msg=message", "data=result"]},
    "it looks for stamps, and its clock is wrong by more each time": {"stamp_tolerance_s": 0.0001},
}


@pytest.mark.parametrize("weather", IN_ONE_RUN)
def test_in_this_weather_one_run_and_a_clear_day_enter_everybody_once(season: Season, weather: str) -> None:
    season.new_batch()
    season.sync(**IN_ONE_RUN[weather])
    season.clears_up()


@pytest.mark.parametrize("weather", LATER)
def test_in_this_weather_nothing_is_claimed_and_a_clear_day_enters_everybody_once(season: Season, weather: str) -> None:
    season.new_batch()
    before = season.stored()
    assert season.sync(**LATER[weather]).code == 1
    assert season.stored() == before
    season.clears_up()


@pytest.mark.parametrize("weather", ON_SMALL_PAGES)
def test_whatever_the_pages_show_a_clear_day_enters_everybody_once(season: Season, weather: str) -> None:
    use(season.office, LOOKED_AT, SMALL_PAGES)
    try:
        season.new_batch()
        season.sync(**ON_SMALL_PAGES[weather])
        season.clears_up()
    finally:
        use(season.office, LOOKED_AT)


def test_a_field_that_has_another_name_from_now_on_is_named_to_staff_and_nothing_is_claimed(season: Season) -> None:
    season.clears_up()
    season.new_batch()
    equal = season.held_for_equal()
    assert season.sync(renames=["laborName=unitName"]).code == 1
    assert season.held_for_equal() == equal
    told = season.office.run("findings").out
    assert "D19 · 模板或字段有变" in told
    assert "线上系统的答复在 data.records[].laborName 处与方言文件不符" in told
    assert "方言未写明的字段：unitName" in told
    season.clears_up()


def test_people_who_are_too_many_at_once_are_entered_in_halves_and_staff_have_nothing_to_do(season: Season) -> None:
    season.clears_up()
    season.new_batch()
    before = len(read_traffic(season.office.portal.folder))
    assert season.sync(rows_at_most=1).code == 0
    passed = read_traffic(season.office.portal.folder)[before:]
    assert [one.status for one in passed if one.path == SAVE_PEOPLE] == [413, 413, 200, 200, 200]
    season.clears_up()


def test_a_portal_that_spells_in_its_own_way_is_equal_where_only_width_and_case_differ(season: Season) -> None:
    season.clears_up()
    number = next(number for number in range(500, 999) if id_no(number).endswith("X"))
    key = season.enter(number, id_no=id_no(number).lower(), unit="荣成市渔业公司（Ａ部）")
    season.wanted[key, digest(number)] = {"laborName": "荣成市渔业公司(A部)"}
    assert season.sync(normalises=True).code == 0
    before = season.stored()
    assert season.sync(normalises=True).code == 0
    assert season.stored() == before
    season.clears_up()


def test_a_portal_that_changes_what_it_stores_is_told_by_field_and_never_written_over(season: Season) -> None:
    season.clears_up()
    number = next(season.numbers)
    key = season.enter(number, unit="荣成市渔业公司，二部")
    batch = key.rpartition("/")[2]
    season.wanted[key, digest(number)] = {"laborName": "荣成市渔业公司,二部"}
    assert season.sync(normalises=True).code == 1
    before = len(season.office.portal.effects())
    assert season.sync(normalises=True).code == 1
    assert len(season.office.portal.effects()) == before
    told = season.office.run("findings").out
    assert "D04 · 字段不一致" in told
    assert "单位：荣成市渔业公司，二部 ｜ 荣成市渔业公司,二部" in told
    season.office.keep(f"{batch}.xlsx", row(number, unit="荣成市渔业公司,二部"), batch=batch)
    season.clears_up()


def test_a_listing_that_lags_is_waited_for_as_long_as_the_settle_window_says(season: Season) -> None:
    """The portal keeps doubles: whoever believes that what is not listed is not there would store it twice."""
    season.clears_up()
    season.office.change("settle_window_s = 0\n", "settle_window_s = 30\n")
    try:
        season.new_batch()
        assert season.sync(lag_s=20.0, doubles=True).code == 1
        assert season.sync(lag_s=20.0, doubles=True).code == 1
        assert season.sync(lag_s=0.0).code in {0, 1}
    finally:
        season.office.change("settle_window_s = 30\n", "settle_window_s = 0\n")
    season.clears_up()


def test_what_a_portal_without_listing_leaves_open_is_never_sent_again(season: Season) -> None:
    season.clears_up()
    use(season.office, LOOKED_AT, NO_PEOPLE_LISTED)
    try:
        season.new_batch()
        assert season.sync(delivers="K4", lose_replies=2, doubles=True).code == 1
        attempts = season.asked("SELECT count(*) FROM attempt")
        assert [season.sync().code for _ in range(3)] == [1, 1, 1]
        assert season.asked("SELECT count(*) FROM attempt") == attempts
        assert season.asked("SELECT count(*) FROM revision WHERE state='quarantined'") > 0
    finally:
        use(season.office, LOOKED_AT)
    season.clears_up()
