"""Read: look at every source, open only what has changed, and put the blocks of one batch together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.ports import Source, Watch
from schemas.errors import SourceError
from schemas.journal import Intake, KnownFile
from schemas.roster import FileStamp, Problem, Reading, Roster, Severity
from schemas.texts import T


def read(sources: Sequence[Source], known: Mapping[str, KnownFile], watch: Watch) -> Intake:
    """Four gates: the stat (and what the reader is told beside the file), the content's hash, each sheet's mark, then the reading itself.

    A source that cannot be looked at, or goes away meanwhile, is a failure of its own: its files are not taken for gone.
    """
    intake = Intake()
    seen: set[str] = set()
    for source in sources:
        try:
            stamps = list(source.look())
        except SourceError as error:
            intake.failures.append(error.text)
            seen |= {path for path in known if path.startswith(f"{source.name}/")}
            continue
        seen |= {stamp.path for stamp in stamps}
        news = [stamp for stamp in stamps if _is_news(stamp, known.get(stamp.path))]
        watch.step("read", len(news))
        for stamp in news:
            try:
                _take(source, stamp, known.get(stamp.path), intake)
            except SourceError as error:
                intake.failures.append(error.text)
            watch.advance()
    intake.gone += [path for path in known if path not in seen]
    return intake


def _is_news(stamp: FileStamp, known: KnownFile | None) -> bool:
    """A file without a digest could not be read at all: it is news until it can."""
    return known is None or known.stamp != stamp or not known.sha256


def _take(source: Source, stamp: FileStamp, known: KnownFile | None, intake: Intake) -> None:
    digest = source.digest(stamp)
    if known is not None and digest and known.sha256 == digest and known.stamp.told == stamp.told:
        intake.touched.append(stamp)
        return
    reading = source.read(stamp, known.marks if known else {})
    if known is not None and known.holds_batches and _says_nothing(reading):
        intake.failures.append(
            T(
                "{path} cannot be read as a ledger just now; what it said last still stands. Open it and save it again",
                path=stamp.path,
            )
        )
    else:
        intake.read.append((KnownFile(stamp, digest), reading))


def _says_nothing(reading: Reading) -> bool:
    """Being written, locked, damaged or no ledger any more: it holds nobody, and takes nobody back either."""
    return not reading.rosters and not reading.kept and bool(reading.rejections or reading.forms)


def merged(rosters: Sequence[Roster]) -> tuple[Roster, tuple[Problem, ...]]:
    """All blocks that speak of one batch as one roster. Facts they do not agree on block the batch."""
    first = rosters[0]
    conflicts = tuple(
        Problem("facts_conflict", Severity.BLOCK, other.where, {"fields": fields})
        for other in rosters[1:]
        if (fields := _conflicting(first, other))
    )
    declared = [roster.declared for roster in rosters]
    whole = replace(
        first,
        people=tuple(person for roster in rosters for person in roster.people),
        leaders=tuple(leader for roster in rosters for leader in roster.leaders),
        rejections=tuple(rejection for roster in rosters for rejection in roster.rejections),
        declared=None if None in declared else sum(count for count in declared if count is not None),
    )
    return whole, conflicts


def _conflicting(one: Roster, other: Roster) -> str:
    names = ("level", "base", "start", "end")
    return " ".join(name for name in names if getattr(one.batch, name) != getattr(other.batch, name))
