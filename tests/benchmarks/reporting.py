"""The workbook of a report with many findings, against XlsxWriter writing the same cells."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.adapters.reports import large_report
from tests.benchmarks import bare
from tests.benchmarks.measuring import Sample, in_child, in_turn, timed
from tests.benchmarks.tables import Goal, Row, Table


def table(folder: Path, *, quick: bool) -> Table:
    findings, rounds = (1_000, 1) if quick else (10_000, 5)
    file = folder / "report.xlsx"
    jobs = {
        "ours": partial(in_child, sheet, file=str(file), findings=findings),
        "bare": partial(in_child, bare.xlsxwriter_cells, file=str(file), to=str(folder / "copy.xlsx")),
    }
    found = in_turn(rounds, jobs)
    goal = Goal("P11", ratio=1.3, peak_mb=96)
    row = Row(
        "the xlsx, with formats and row heights", found["ours"], "XlsxWriter", found["bare"], goal, shows_peak=True
    )
    return Table(f"Report: {findings:,} findings", (row,))


def sheet(file: str, findings: int) -> Sample:
    from adapters.render.sheet import workbook
    from schemas.texts import Language

    report = replace(large_report(findings), settled=())
    written: list[bytes] = []
    sample = timed(lambda: written.append(workbook(report, Language.ZH_CN)))
    Path(file).write_bytes(written[0])
    return sample
