"""From the answer to a write to a verdict for each record of it.

A record is ACCEPTED only where the answer says so; what the answer mentions in two ways, or does not mention, is
UNKNOWN. (Where the dialect says that a record left out was skipped, it EXISTS: that too is settled by reading back.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

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


@dataclass(slots=True)
class _RowByRow:
    """An answer with a line for each record; `heard` collects what it says of each serial."""

    payload: Payload
    reply: Reply
    shape: Write
    dialect: Dialect
    heard: dict[str, list[Verdict]] = field(init=False)
    serial_of: dict[str, str] = field(init=False)
    drift: set[str] = field(default_factory=set)

    def verdicts(self) -> Verdicts:
        self.heard = {serial: [] for serial in self.payload.serials}
        self.serial_of = self._echoes()
        for serial, row in self._rows(self.shape.accepted_at, needed=True):
            self.heard[serial].append(Verdict(Outcome.ACCEPTED, online_id=self._online_id(row)))
        for path, needed in ((self.shape.refused_at, False), (self.shape.verdicts_at, True)):
            for serial, row in self._rows(path, needed=needed):
                self.heard[serial].append(self._judged(row, may_succeed=needed))
        self._skipped()
        left_out = Verdict(Outcome.EXISTS) if self.shape.left_out == "exists" and not self.drift else _UNKNOWN
        of = {serial: _one(said) if said else left_out for serial, said in self.heard.items()}
        return Verdicts(of, "; ".join(sorted(self.drift)))

    def _echoes(self) -> dict[str, str]:
        """By what a row names its record → our serial. What would name two records names none."""
        echoes = self.payload.echoes or self.payload.serials
        times = Counter(echoes)
        return {echo: serial for echo, serial in zip(echoes, self.payload.serials, strict=True) if times[echo] == 1}

    def _rows(self, path: str, *, needed: bool) -> Iterator[tuple[str, Mapping[str, object]]]:
        for position, row in enumerate(self._list(path, needed=needed)):
            if not isinstance(row, dict):
                self.drift.add(f"{path}[]: no object")
                continue
            name, echo = self._echo(row, position)
            if (serial := self.serial_of.get(echo)) is None:
                self.drift.add(f"{path}[].{name}: not one we sent")
            else:
                yield serial, row

    def _echo(self, row: Mapping[str, object], position: int) -> tuple[str, str]:
        if self.shape.echo == "position":
            return "position", str(position)
        fields = self.dialect.fields
        name = fields.record.serial if self.shape.echo == "serial" else fields.person.get("id_no", "")
        return name, text(member(row, steps(name)))

    def _list(self, path: str, *, needed: bool) -> list[object]:
        found = at(self.reply.document, path) if path else []
        if isinstance(found, dict) and self.dialect.answer.form == "xml":
            return [found]
        if isinstance(found, list):
            return found
        if found is not None or needed:
            self.drift.add(f"{path}: no list")
        return []

    def _online_id(self, row: Mapping[str, object]) -> str:
        return text(member(row, steps(self.dialect.fields.record.online_id)))

    def _judged(self, row: Mapping[str, object], *, may_succeed: bool) -> Verdict:
        """By the same table as a whole answer. A success among the refusals contradicts itself."""
        names = self.dialect.fields.record
        code, words = text(member(row, steps(names.row_code))), text(member(row, steps(names.row_message)))
        seen = Seen(Transport.ANSWERED, self.reply.seen.status, code, words)
        outcome = known(seen, self.dialect.answer_rules)
        if not listed(seen, self.dialect.answer_rules):
            self.drift.add(f"{names.row_code}: {machine_word(code)}")
        if outcome is not Outcome.ACCEPTED:
            return Verdict(outcome, machine_word(code), words)
        success = Verdict(Outcome.ACCEPTED, online_id=self._online_id(row))
        return success if may_succeed else Verdict(Outcome.UNKNOWN, machine_word(code), words)

    def _skipped(self) -> None:
        """People the portal has already, told by name only: certain where the name stands for just as many."""
        path = self.shape.skipped_at
        listed_names = (text(name).strip() for name in self._list(path, needed=False))
        for name, times in Counter(listed_names).items():
            same = [s for s, own in zip(self.payload.serials, self.payload.names, strict=False) if own.strip() == name]
            silent = [serial for serial in same if not self.heard[serial]]
            if not same and self.payload.names:
                self.drift.add(f"{path}[]: nobody we sent")
            if times == len(silent):
                self._say(silent, Verdict(Outcome.EXISTS))
            elif times > len(silent):
                self._say(same, _UNKNOWN)

    def _say(self, serials: list[str], verdict: Verdict) -> None:
        for serial in serials:
            self.heard[serial].append(verdict)


def _one(said: list[Verdict]) -> Verdict:
    agree = len({(verdict.outcome, verdict.online_id) for verdict in said}) == 1
    return said[0] if agree else _UNKNOWN
