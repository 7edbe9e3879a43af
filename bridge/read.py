"""Read: look at every source, open only what has changed, and put the blocks of one batch together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.ports import Source, Watch
from schemas.errors import SourceError
from schemas.journal import Intake, KnownFile
from schemas.roster import FileStamp, Problem, Reading, Roster, Severity


def read(sources: Sequence[Source], known: Mapping[str, KnownFile], watch: Watch) -> Intake:
    """Three gates: the stat, the content's hash, then the reading itself.

    A source that cannot be looked at is a failure of its own: its files are not taken for gone.
    """
    found: list[tuple[KnownFile, Reading]] = []
    touched: list[FileStamp] = []
    seen: set[str] = set()
    failures: list[SourceError] = []
    for source in sources:
        try:
            stamps = list(source.look())
        except SourceError as error:
            failures.append(error)
            seen |= {path for path in known if path.startswith(f"{source.name}/")}
            continue
        seen |= {stamp.path for stamp in stamps}
        changed = [stamp for stamp in stamps if stamp.path not in known or known[stamp.path].stamp != stamp]
        watch.step("read", len(changed))
        for stamp in changed:
            digest = source.digest(stamp)
            if stamp.path in known and known[stamp.path].sha256 == digest:
                touched.append(stamp)
            else:
                found.append((KnownFile(stamp, digest), source.read(stamp)))
            watch.advance()
    gone = tuple(path for path in known if path not in seen)
    return Intake(tuple(found), tuple(touched), gone, tuple(error.text for error in failures))


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
