"""The corpus: each nasty file reads to what it says, and every refused row with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.corpus.files import FILES
from tests.adapters.corpus.layouts import LAYOUTS
from tests.adapters.corpus.rows import ROWS
from tests.adapters.corpus.shape import Case, said_of

CORPUS = [*LAYOUTS, *ROWS, *FILES]


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.title)
def test_a_nasty_file_says_what_it_means(tmp_path: Path, case: Case) -> None:
    assert said_of(case, tmp_path) == case.said


def test_no_two_files_of_the_corpus_share_a_title() -> None:
    assert len({case.title for case in CORPUS}) == len(CORPUS) >= 80
