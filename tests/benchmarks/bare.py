"""What ours is held against: the library or the database alone. Each imports what it needs and no more."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread

from tests.benchmarks.measuring import Sample, timed


def calamine_rows(file: str) -> Sample:
    from python_calamine import CalamineWorkbook

    def read() -> None:
        with CalamineWorkbook.from_path(file) as book:
            for name in book.sheet_names:
                for _ in book.get_sheet_by_name(name).iter_rows():
                    pass

    return timed(read)


def httpx_posts(url: str, bodies: Sequence[bytes], headers: Mapping[str, str], workers: int) -> Sample:
    """By so many threads with a client each, all of it ready before; each answer is read and parsed, for no program can
    do with less. Raises RuntimeError unless all is answered with 200 and a document.
    """
    import httpx
    import orjson

    waiting: SimpleQueue[bytes | None] = SimpleQueue()
    for body in (*bodies, *[None] * workers):
        waiting.put(body)
    statuses: list[int] = []

    def work(client: httpx.Client) -> None:
        while (body := waiting.get()) is not None:
            response = client.post(url, content=body)
            statuses.append(response.status_code if orjson.loads(response.content) else 0)

    with ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client(headers=headers, trust_env=False)) for _ in range(workers)]
        for client in clients:
            client.post(url, content=bodies[0])
        sample = timed(lambda: _together([Thread(target=work, args=(client,)) for client in clients]))
    if statuses != [200] * len(bodies):
        raise RuntimeError("the portal did not take every request")
    return sample


def _together(threads: Sequence[Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wrk(url: str, body: bytes, headers: Mapping[str, str], *, requests: int, in_flight: int, seconds: int) -> Sample:
    """How long wrk would take for so many requests: one C thread that only sends, waits and counts.

    Raises RuntimeError when an answer was no success.
    """
    with TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        lines = ["wrk.method = 'POST'", *(f"wrk.headers['{name}'] = '{value}'" for name, value in headers.items())]
        script.write_text("\n".join([*lines, f"wrk.body = [==[{body.decode()}]==]"]), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{in_flight}", f"-d{seconds}s", "-s", str(script), url]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    took_s = requests / float(said.partition("Requests/sec:")[2].split()[0])
    return Sample(took_s, took_s)


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
