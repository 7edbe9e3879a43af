"""From the answer to a write to a verdict for each record of it.

A record is ACCEPTED only where the answer says so by its serial; what the answer does not mention, or mentions
in two ways, is UNKNOWN.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from adapters.wire.calls import Reply
from adapters.wire.paths import at, machine_word, text
from schemas.dialect import Dialect, RecordFields, WriteShape
from schemas.outcome import Outcome, Seen, Transport, known
from schemas.portal import Operation, Payload, Verdict

_UNKNOWN = Verdict(Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A verdict for each serial; `drift` says, by path, where the answer is not what the dialect describes."""

    of: Mapping[str, Verdict]
    drift: str = ""


def verdicts(payload: Payload, reply: Reply, outcome: Outcome, dialect: Dialect) -> Verdicts:
    """Total over `payload.serials`, whatever the answer holds."""
    shape = dialect.operations.write(payload.operation)
    if outcome is not Outcome.ACCEPTED or shape is None:
        said = Verdict(outcome, machine_word(reply.seen.code), reply.seen.message)
        return Verdicts(dict.fromkeys(payload.serials, said))
    if payload.operation is Operation.SAVE_PEOPLE:
        return _RowByRow(payload, reply, shape, dialect).verdicts()
    online_id = text(at(reply.document, shape.online_id_at)) if shape.online_id_at else ""
    if shape.online_id_at and not online_id:
        return Verdicts(dict.fromkeys(payload.serials, _UNKNOWN), f"{shape.online_id_at}: missing")
    return Verdicts(dict.fromkeys(payload.serials, Verdict(Outcome.ACCEPTED, online_id=online_id)))


@dataclass(slots=True)
class _RowByRow:
    """An answer with a line for each record; `heard` collects what it says of each serial."""

    payload: Payload
    reply: Reply
    shape: WriteShape
    dialect: Dialect
    heard: dict[str, list[Verdict]] = field(init=False)
    drift: set[str] = field(default_factory=set)

    def verdicts(self) -> Verdicts:
        self.heard = {serial: [] for serial in self.payload.serials}
        names = self.dialect.fields.record
        for row in self._rows(self.shape.accepted_at, names):
            self._hear(row, names, Verdict(Outcome.ACCEPTED, online_id=text(row.get(names.online_id))))
        for row in self._rows(self.shape.refused_at, names):
            self._hear(row, names, self._refusal(row, names))
        self._skipped()
        return Verdicts({serial: _one(said) for serial, said in self.heard.items()}, "; ".join(sorted(self.drift)))

    def _rows(self, path: str, names: RecordFields) -> Iterator[Mapping[str, object]]:
        for row in self._list(path):
            if not isinstance(row, dict):
                self.drift.add(f"{path}[]: no object")
            elif text(row.get(names.serial)) not in self.heard:
                self.drift.add(f"{path}[].{names.serial}: not one we sent")
            else:
                yield row

    def _list(self, path: str) -> list[object]:
        found = at(self.reply.document, path) if path else []
        if isinstance(found, list):
            return found
        if found is not None or path == self.shape.accepted_at:
            self.drift.add(f"{path}: no list")
        return []

    def _hear(self, row: Mapping[str, object], names: RecordFields, verdict: Verdict) -> None:
        self.heard[text(row.get(names.serial))].append(verdict)

    def _refusal(self, row: Mapping[str, object], names: RecordFields) -> Verdict:
        """By the same table as a whole answer. A success among the refusals contradicts itself."""
        code, words = text(row.get(names.row_code)), text(row.get(names.row_message))
        outcome = known(Seen(Transport.ANSWERED, self.reply.seen.status, code, words), self.dialect.answer_rules)
        return Verdict(Outcome.UNKNOWN if outcome is Outcome.ACCEPTED else outcome, machine_word(code), words)

    def _skipped(self) -> None:
        """People the portal has already, told by name only: certain where the name stands for just as many."""
        path = self.shape.skipped_names_at
        for name, times in Counter(text(name).strip() for name in self._list(path)).items():
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
