"""From the answer to a write to a verdict for each record of it.

A record is ACCEPTED only where the answer says so; what the answer mentions in two ways, or does not mention, is
UNKNOWN. (Where the dialect says that a record left out was skipped, it EXISTS: that too is settled by reading back.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from adapters.wire.calls import Reply
from adapters.wire.paths import at, machine_word, member, steps, text
from schemas.dialect import Dialect
from schemas.dialect.request import Write
from schemas.outcome import Outcome, Seen, Transport, known, listed
from schemas.portal import Payload, Verdict

_UNKNOWN = Verdict(Outcome.UNKNOWN)
_SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A verdict for each serial; `drift` says, by path, where the answer is not what the dialect describes.

    `whole`: the answer spoke of the request, and not of its records one by one.
    """

    of: Mapping[str, Verdict]
    drift: str = ""
    whole: bool = False


def verdicts(payload: Payload, reply: Reply, outcome: Outcome, shape: Write, dialect: Dialect) -> Verdicts:
    """Total over `payload.serials`, whatever the answer holds."""
    if outcome is not Outcome.ACCEPTED:
        said = Verdict(outcome, machine_word(reply.seen.code), reply.seen.message)
        return Verdicts(dict.fromkeys(payload.serials, said), _unlisted(reply.seen, dialect), whole=True)
    if shape.rows_at and not shape.whole:
        return _RowByRow(payload, reply, shape, dialect).verdicts()
    online_id = text(at(reply.document, shape.online_id_at)) if shape.online_id_at else ""
    if shape.online_id_at and not online_id:
        return Verdicts(dict.fromkeys(payload.serials, _UNKNOWN), f"{shape.online_id_at}: missing")
    return Verdicts(dict.fromkeys(payload.serials, Verdict(Outcome.ACCEPTED, online_id=online_id)))


def _unlisted(seen: Seen, dialect: Dialect) -> str:
    """A code the dialect does not know is news; a server's own fault is only weather."""
    weather = seen.transport is not Transport.ANSWERED or (seen.status or 0) >= _SERVER_FAULT
    if weather or listed(seen, dialect.answer_rules):
        return ""
    return f"{dialect.answer.code_at or 'status'}: {machine_word(seen.code)}, {seen.status}"


class _RowByRow:
    """An answer with a line for each record; `heard` is what it says of each serial, UNKNOWN where that contradicts."""

    def __init__(self, payload: Payload, reply: Reply, shape: Write, dialect: Dialect) -> None:
        self._payload = payload
        self._reply = reply
        self._shape = shape
        self._dialect = dialect
        self._online_id = steps(dialect.fields.record.online_id)
        self._heard: dict[str, Verdict] = {}
        self._drift: set[str] = set()

    def verdicts(self) -> Verdicts:
        shape = self._shape
        for serial, row in self._rows(shape.accepted_at, needed=True):
            self._hear(serial, self._accepted(row))
        for path, needed in ((shape.refused_at, False), (shape.verdicts_at, True)):
            for serial, row in self._rows(path, needed=needed):
                self._hear(serial, self._judged(row, may_succeed=needed))
        self._skipped()
        left_out = Verdict(Outcome.EXISTS) if shape.left_out == "exists" and not self._drift else _UNKNOWN
        of = {serial: self._heard.get(serial, left_out) for serial in self._payload.serials}
        return Verdicts(of, "; ".join(sorted(self._drift)))

    def _hear(self, serial: str, verdict: Verdict) -> None:
        before = self._heard.setdefault(serial, verdict)
        if before is not verdict and (before.outcome, before.online_id) != (verdict.outcome, verdict.online_id):
            self._heard[serial] = _UNKNOWN

    @cached_property
    def _serial_of(self) -> dict[str, str]:
        """By what a row names its record → our serial. What would name two records names none."""
        serials, echoes = self._payload.serials, self._payload.echoes or self._payload.serials
        times = Counter(echoes)
        return {echo: serial for echo, serial in zip(echoes, serials, strict=True) if times[echo] == 1}

    def _rows(self, path: str, *, needed: bool) -> Iterator[tuple[str, Mapping[str, object]]]:
        rows = self._list(path, needed=needed) if path else []
        for echo, row in zip(self._echoes(rows), rows, strict=True):
            if not isinstance(row, dict):
                self._drift.add(f"{path}[]: no object")
            elif (serial := self._serial_of.get(echo)) is None:
                self._drift.add(f"{path}[].{self._echo_at or 'position'}: not one we sent")
            else:
                yield serial, row

    def _echoes(self, rows: Sequence[object]) -> Iterator[str]:
        if self._shape.echo == "position":
            return map(str, range(len(rows)))
        path = steps(self._echo_at)
        return (text(member(row, path)) for row in rows)

    @property
    def _echo_at(self) -> str:
        """Where a row names its record; empty where its position does."""
        match self._shape.echo:
            case "serial":
                return self._dialect.fields.record.serial
            case "id_no":
                return self._dialect.fields.person.get("id_no", "")
            case "position":
                return ""

    def _list(self, path: str, *, needed: bool) -> list[object]:
        found = at(self._reply.document, path)
        if isinstance(found, dict) and self._dialect.answer.form == "xml":
            return [found]
        if isinstance(found, list):
            return found
        if found is not None or needed:
            self._drift.add(f"{path}: no list")
        return []

    def _accepted(self, row: Mapping[str, object]) -> Verdict:
        return Verdict(Outcome.ACCEPTED, online_id=text(member(row, self._online_id)))

    def _judged(self, row: Mapping[str, object], *, may_succeed: bool) -> Verdict:
        """By the same table as a whole answer. A success among the refusals contradicts itself."""
        names = self._dialect.fields.record
        code, words = text(member(row, steps(names.row_code))), text(member(row, steps(names.row_message)))
        seen = Seen(Transport.ANSWERED, self._reply.seen.status, code, words)
        outcome = known(seen, self._dialect.answer_rules)
        if not listed(seen, self._dialect.answer_rules):
            self._drift.add(f"{names.row_code}: {machine_word(code)}")
        if outcome is not Outcome.ACCEPTED:
            return Verdict(outcome, machine_word(code), words)
        return self._accepted(row) if may_succeed else Verdict(Outcome.UNKNOWN, machine_word(code), words)

    def _skipped(self) -> None:
        """People the portal has already, told by name only: certain where the name stands for just as many."""
        path = self._shape.skipped_at
        listed_names = (text(name).strip() for name in self._list(path, needed=False)) if path else ()
        for name, times in Counter(listed_names).items():
            payload = self._payload
            same = [s for s, own in zip(payload.serials, payload.names, strict=False) if own.strip() == name]
            silent = [serial for serial in same if serial not in self._heard]
            if not same and payload.names:
                self._drift.add(f"{path}[]: nobody we sent")
            if times == len(silent):
                self._say(silent, Verdict(Outcome.EXISTS))
            elif times > len(silent):
                self._say(same, _UNKNOWN)

    def _say(self, serials: Iterable[str], verdict: Verdict) -> None:
        for serial in serials:
            self._hear(serial, verdict)
