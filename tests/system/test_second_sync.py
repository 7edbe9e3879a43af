"""A sync with nothing to do does nothing: judged by the portal's effects and by the journal's attempts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.practice.effects import EffectKind
from tests.adapters.ledgers import people
from tests.system.office import Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Two batches, entered, read back equal and submitted by a first sync."""
    with open_office(tmp_path) as opened:
        opened.keep_three()
        opened.keep("第四批.xlsx", *people(2, first=10), batch="第四批")
        assert opened.run("sync").code == 0
        yield opened


def attempts(office: Office) -> list[tuple[object, ...]]:
    """No write request leaves without a row here first."""
    with closing(sqlite3.connect(office.folder / "journal.db")) as journal:
        return journal.execute("SELECT * FROM attempt ORDER BY id").fetchall()


def test_a_second_sync_with_nothing_changed_sends_no_write_request(office: Office) -> None:
    effects, sent = office.portal.effects(), attempts(office)
    created = [effect.effect for effect in effects if effect.effect is EffectKind.PERSON_CREATED]
    assert (len(created), bool(sent)) == (5, True)
    assert office.run("sync").code == 0
    assert office.portal.effects() == effects
    assert attempts(office) == sent


def test_a_ledger_saved_again_with_the_same_content_sends_no_write_request(office: Office) -> None:
    effects, sent = office.portal.effects(), attempts(office)
    ledger = office.ledgers / "第四批.xlsx"
    ledger.write_bytes(ledger.read_bytes())
    assert office.run("sync").code == 0
    assert (office.portal.effects(), attempts(office)) == (effects, sent)


def test_one_changed_row_sends_one_write_request(office: Office) -> None:
    effects, sent = office.portal.effects(), attempts(office)
    office.keep("第四批.xlsx", *people(1, first=10), *people(1, first=11, unit="荣成市纺织公司"), batch="第四批")
    assert office.run("sync").code == 0
    [new] = office.portal.effects()[len(effects) :]
    assert (new.effect, new.content["laborName"]) == (EffectKind.PERSON_UPDATED, "荣成市纺织公司")
    assert len(attempts(office)) == len(sent) + 1
