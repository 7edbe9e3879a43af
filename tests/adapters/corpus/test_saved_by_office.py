"""Files of the corpus, saved again by a real office program, say the same."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.adapters.corpus.layouts import LAYOUTS
from tests.adapters.corpus.rows import ROWS
from tests.adapters.corpus.shape import shown
from tests.adapters.readings import read

_PATIENCE_S = 240
FORMS = ("xlsx", "xls", "ods")
TITLES = (
    *("plain", "header-two-levels", "header-breaks", "shifted-right", "units-merged", "total-right", "tails", "pages"),
    *("sub-titles", "batch-column-merged", "sheet-a-batch", "hidden-sheet", "days-in-columns", "days-of-1904"),
    *("id-number", "id-15-digits-number", "id-invisible", "name-rare", "phone-number", "leader-in-remark", "family"),
)
LOOKS = ("struck-row", "red-row", "struck-in-red", "hidden-row-and-column")
CASES = {case.title: case for case in (*LAYOUTS, *ROWS)}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder a form; all files are converted by one call each."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "made").mkdir()
    for title in (*TITLES, *LOOKS):
        CASES[title].write(folder / "made" / f"{title}.xlsx")
    made = sorted(map(str, (folder / "made").iterdir()))
    for form in FORMS:
        office = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
        command = [*office, "--convert-to", form, "--outdir", str(folder / form), *made]
        subprocess.run(command, check=True, timeout=_PATIENCE_S, capture_output=True)
    shutil.rmtree(folder / "profile")
    return folder


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("title", TITLES)
def test_a_ledger_saved_by_an_office_program_says_the_same(saved: Path, title: str, form: str) -> None:
    assert shown(read(saved / form / f"{title}.{form}", year=2025)) == CASES[title].said


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("title", LOOKS)
def test_looks_survive_an_office_program(saved: Path, title: str, form: str) -> None:
    assert shown(read(saved / form / f"{title}.{form}", year=2025)) == CASES[title].said
