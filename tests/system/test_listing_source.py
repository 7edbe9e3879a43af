"""A federation whose ledgers lie in a system of its own: from its listing to the portal, and what happens when it is away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.practice.effects import EffectKind
from adapters.practice.process import PracticePortal
from tests.adapters.ledgers import id_no, name
from tests.system.office import BASE, ORGANISER, ROOT, Office, open_office

SPRING = {
    "year": "2025",
    "batchName": "第三批",
    "organizerName": ORGANISER,
    "level": "22",
    "baseName": BASE,
    "startDate": "2025-05-03",
    "endDate": "2025-05-07",
}


def listing_only() -> str:
    """The practice portal's dialect without a write."""
    text = (ROOT / "schemas/dialects/qilu.toml").read_text("utf-8").replace('name = "qilu"', 'name = "local"')
    head, _, rest = text.partition("[operations.save_batch]")
    text = head + "[operations.list_batches]" + rest.partition("[operations.list_batches]")[2]
    return text.replace('headcount = "personNum"\nleaders = "leaderNum"\n', "")


@pytest.fixture
def local(tmp_path: Path) -> Iterator[PracticePortal]:
    (tmp_path / "local").mkdir()
    with PracticePortal(tmp_path / "local") as system:
        batch = system.admin.add_batch(SPRING)
        for number in range(1, 4):
            about = {"idType": "01", "idCard": id_no(number), "userPhone": f"1990000{number:04d}", "personType": "1"}
            said = about | {"fullName": name(number), "laborName": "荣成市渔业公司"}
            system.admin.add_person(batch, said)
        yield system


@pytest.fixture
def office(tmp_path: Path, local: PracticePortal) -> Iterator[Office]:
    with open_office(tmp_path) as opened:
        opened.hide("local.secret", local.app_secret)
        (opened.folder / "local.toml").write_text(listing_only(), encoding="utf-8")
        opened.change(
            'path = "ledgers"',
            f'kind = "http"\nbase_url = "{local.base_url}"\ndialect = "local.toml"\n'
            f'app_id = "{local.app_id}"\napp_secret_file = "local.secret"',
        )
        yield opened


def test_what_it_lists_is_entered_once_and_nothing_is_written_to_it(office: Office, local: PracticePortal) -> None:
    before = len(local.effects())
    assert "1" in office.run("check").out
    first = office.run("sync")
    assert first.code == 0, first.out + first.err
    made = [effect.effect for effect in office.portal.effects()]
    assert made.count(EffectKind.PERSON_CREATED) == 3
    assert office.run("sync").code == 0
    assert len(office.portal.effects()) == len(made)
    assert len(local.effects()) == before


def test_one_that_is_away_is_reported_and_changes_nothing(office: Office, local: PracticePortal) -> None:
    assert office.run("sync").code == 0
    effects = office.portal.effects()
    local.set_weather(outage=100)
    ran = office.run("sync")
    assert (ran.code, "仍以上次读到的为准" in ran.out) == (1, True)
    assert office.portal.effects() == effects
