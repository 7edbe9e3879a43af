"""What ours is held against: the library or the database alone. Each imports what it needs and no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.measuring import Sample, timed


def calamine_rows(file: str) -> Sample:
    from python_calamine import CalamineWorkbook

    def read() -> None:
        with CalamineWorkbook.from_path(file) as book:
            for name in book.sheet_names:
                for _ in book.get_sheet_by_name(name).iter_rows():
                    pass

    return timed(read)


def httpx_posts(base_url: str, path: str, bodies: Sequence[bytes], token: str) -> Sample:
    """One after the other on one connection. Raises RuntimeError when the portal did not take all."""
    import httpx

    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with httpx.Client(base_url=base_url, headers=headers, trust_env=False) as client:
        answers: list[httpx.Response] = []
        sample = timed(lambda: answers.extend(client.post(path, content=body) for body in bodies))
    if any(answer.json()["code"] != "P00000" or answer.json()["data"]["skipped"] for answer in answers):
        raise RuntimeError("the portal did not take every person")
    return sample


def scan(journal: str) -> Sample:
    """Both narrow sides from end to end, inside SQLite: no row comes up into Python."""
    import sqlite3

    statements = (
        "SELECT count(*), sum(length(person)), sum(length(mark_offline)), sum(length(mark_online)) FROM pair",
        "SELECT count(*), sum(length(person)), sum(length(mark)) FROM online",
    )
    database = sqlite3.connect(Path(journal).as_uri() + "?mode=ro", uri=True)
    sample = timed(lambda: [database.execute(statement).fetchone() for statement in statements])
    database.close()
    return sample


def xlsxwriter_cells(file: str, to: str) -> Sample:
    """Every cell of `file` once more, without formats."""
    import xlsxwriter
    from python_calamine import CalamineWorkbook

    with CalamineWorkbook.from_path(file) as book:
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]

    def write() -> None:
        with xlsxwriter.Workbook(to, {"constant_memory": True, "strings_to_formulas": False}) as copy:
            for rows in sheets:
                sheet = copy.add_worksheet()
                for at, row in enumerate(rows):
                    sheet.write_row(at, 0, row)

    return timed(write)
