"""Injects: one script of the small world, ended or failed at each of its calls in turn, a trial for each.

`python -m tests.reliability.injecting FOLDER SCRIPT FAULT [OPTIONS]`. FAULT is `kill`, an error, or `either`: `EIO` and
`ENOSPC` in turn. One JSON line a trial; the first tells how many calls there are, the last what it cost.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.adapters.ledgers import row
from tests.reliability.checker import Bounds, Checked, Row, Who, check, online
from tests.reliability.offline import in_ledgers
from tests.reliability.remains import remains
from tests.reliability.small_world import (
    BATCH,
    CRASHED,
    PEOPLE,
    REFUSED,
    SCRIPTS,
    WINDOW_S,
    Nursery,
    report,
    sync,
    traced,
)
from tests.reliability.strace import DISK, WIRE, Aim, aims, failing, killing

KILLED = -signal.SIGKILL
ATTEMPTS = 2
TRIES = 3
"""A process may end before its n-th call: an answer in one piece instead of two, say. Then it is aimed at again."""

SILENT = {
    "office": "SQLite does not look at what syncing a directory came to; the file it is for is there already",
    "journal.db.in-use": "it stays, and the next run looks at the whole journal",
    "journal.db.alarms": "the alarm goes out once more",
    "journal.db.lock": "at the end its note is taken back: the lock itself is what counts, and ends with the process",
    "said.txt": "a line of the log is lost, and never the run",
}
"""The files of which a failing call may stop nothing."""

MUTE = {
    "openat": "the password of the mail server cannot be read",
    "write": "OpenSSL sends by it too",
}
"""The calls that fail for ever only together with every mail."""

CLOCKS_AHEAD_S = 100.0
"""Of the portal's clock: runs happen at once, as if the settle window passed before each."""

OF_THE_REPORT = "The report cannot be written", "The report's workbook cannot be made"
WORDS = {
    "full": "There is no room for the journal",
    "disk": "The disk failed under the journal",
    "unusable": "cannot be used",  # where it cannot be opened to write, SQLite opens it to read
}


@dataclass
class Injector:
    nursery: Nursery
    fault: str
    every_end: bool  # each trial is run to its end, whether or not another one has left the same behind
    usual: int = 0  # the script's exit code where nothing fails
    proven: set[str] = field(default_factory=set)

    @property
    def script(self) -> str:
        return self.nursery.script

    def aims(self) -> list[Aim]:
        log = self.nursery.folder / "calls.log"
        self.nursery.again()
        self.usual = traced(self.nursery, SCRIPTS[self.script], 0, [], log=log) or 0
        assert self.usual in {0, 1}, self.nursery.said
        if self.fault == "kill":
            return aims(log, DISK + WIRE)
        return [aim for aim in aims(log, DISK) if not aim.on.startswith("socket:")]

    def trial(self, number: int, aim: Aim, *, ever_after: bool) -> dict[str, object]:
        if self.fault == "kill":
            return self.killed(aim)
        errors = ("EIO", "ENOSPC") if self.fault == "either" else (self.fault,)
        return self.failed(aim, errors[number % len(errors)], ever_after=ever_after)

    def killed(self, aim: Aim) -> dict[str, object]:
        for _ in range(TRIES):
            self.nursery.again()
            code = traced(self.nursery, SCRIPTS[self.script], aim.step, killing(aim))
            self.nursery.wait_until_quiet()
            if code == KILLED:
                break
        return {"code": code, "hit": code == KILLED, "broken": self.go_on()}

    def killed_twice(self, aim: Aim, chance: random.Random) -> dict[str, object]:
        """And again at some call of the recovery."""
        first = self.killed_only(aim)
        chosen = chance.choice(("pwrite64", "fdatasync", "ftruncate", "sendto", "recvfrom"))
        second = Aim(0, chosen, chance.randint(1, 60 if chosen == "pwrite64" else 8))
        code = traced(self.nursery, sync, 0, killing(second), later_s=2 * WINDOW_S)
        self.nursery.wait_until_quiet()
        return {
            "code": code,
            "hit": first == KILLED,
            "twice": code == KILLED,
            "broken": self.go_on(),
            "then": str(second),
        }

    def killed_only(self, aim: Aim) -> int | None:
        self.nursery.again()
        code = traced(self.nursery, SCRIPTS[self.script], aim.step, killing(aim))
        self.nursery.wait_until_quiet()
        return code

    def failed(self, aim: Aim, error: str, *, ever_after: bool) -> dict[str, object]:
        """The process lives: what it says, whom it tells, and what the next one does."""
        self.nursery.again()
        options = failing(aim, error, ever_after=ever_after)
        code = traced(self.nursery, SCRIPTS[self.script], aim.step, options)
        broken = [] if code in {0, 1} else [f"exit code {code}"]
        if code == 0 and aim.on not in SILENT and not ever_after:
            broken.append("it went on as if nothing had happened")
        said, letters = self.nursery.said, [one for one in self.nursery.letters if one.startswith("<alarm.")]
        stopped_nothing = aim.on in SILENT and code == self.usual and not said
        if code != 0 and not stopped_nothing:
            broken += self.not_told(said, letters, mute=ever_after and aim.name in MUTE)
        return {"code": code, "hit": bool(letters), "broken": broken + self.go_on(), "said": said if broken else ""}

    def not_told(self, said: str, letters: list[str], *, mute: bool) -> list[str]:
        """The words of one fault on standard error, and one alarm of the same; none where only the report was not made.

        `mute`: no alarm can leave.
        """
        if any(words in said for words in OF_THE_REPORT):
            return letters
        faults = [fault for fault, words in WORDS.items() if words in said]
        if len(faults) != 1:
            return [f"it says: {said[-2000:]}"]
        told = [letter.split(".")[2].partition("@")[0] for letter in letters]
        return [] if told == faults or (mute and not told) else [f"{faults[0]} is told as {told}"]

    def flipped(self, number: int) -> dict[str, object]:
        """One bit of the journal, at rest: a run refuses it, or its report leaves something to do, or nobody is harmed."""
        self.nursery.again()
        path, chance = self.nursery.config.journal.path, random.Random(number)
        content = bytearray(path.read_bytes())
        at = chance.choice([place for place, byte in enumerate(content) if byte])  # the rest is room to grow
        content[at] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        code, said = 0, ""
        for later in (3, 6, 9):
            code, said = self.nursery.run(sync, later_s=later * WINDOW_S), self.nursery.said
            if said:
                break
        came = "crashed" if code not in {0, 1} else "refused" if said else "reported" if code else "harmless"
        entered = [one for one in self.nursery.effects if one["effect"] != "batch_updated"]  # the same header, again
        broken = _said(online(entered, self.wanted() if came == "harmless" else None))
        if came == "refused" and path.read_bytes()[:16] != content[:16]:
            broken.append("made anew in silence")
        return {"came": came, "at": at, "broken": broken, "said": said[-500:] if came == "crashed" else ""}

    def go_on(self) -> list[str]:
        """What does not hold now, and after plain runs in good weather."""
        nursery = self.nursery
        path, scratch = nursery.config.journal.path, nursery.folder / "scratch.db"
        now = remains(path, nursery.effects, scratch)
        found = [] if self.script == "migrate" else self.judged(scratch, settled=False)  # its tables are none yet
        if now in self.proven and not self.every_end:
            return found
        codes = nursery.calm()
        if CRASHED in codes:
            found.append(nursery.said)
        found += self.judged(path, settled=True)
        if self.script == "mail":
            found += self.mail()
        if not found:
            self.proven.add(now)
        return found

    def judged(self, journal: Path, *, settled: bool) -> list[str]:
        bounds = Bounds(settled=settled, attempts=ATTEMPTS, ahead_s=CLOCKS_AHEAD_S)
        return _said(check(self.nursery.portal, journal, self.wanted() if settled else None, bounds=bounds))

    def wanted(self) -> dict[Who, Row]:
        refused = {REFUSED} if self.script == "partial" else set()
        return in_ledgers({number: (BATCH, str(row(number)[5])) for number in PEOPLE if number not in refused})

    def mail(self) -> list[str]:
        """Whatever is marked as sent came, and today's report comes now if it did not."""
        nursery = self.nursery
        nursery.run(report, later_s=WINDOW_S)
        with sqlite3.connect(nursery.config.journal.path) as books:
            rows = books.execute("SELECT message_id, sent_at FROM outbox").fetchall()
        books.close()
        came = nursery.letters
        waiting = [f"still waits: {one}" for one, sent_at in rows if sent_at is None]
        return waiting + [
            f"marked as sent and never came: {one}" for one, sent_at in rows if sent_at and one not in came
        ]


def _said(checked: Checked) -> list[str]:
    """The violations, and whom they harm, whatever a finding says of it."""
    harm = {name: checked.figures[name] for name in ("lost", "unwanted", "doubled")}
    return checked.violations + [f"{name}: {count}" for name, count in harm.items() if count]


def trials(injector: Injector, asked: argparse.Namespace) -> Iterator[dict[str, object]]:
    if asked.flips:
        yield {"calls": 0}
        for number in range(asked.flips) if asked.only is None else [asked.only]:
            yield {"trial": number} | injector.flipped(number)
        return
    found = injector.aims()
    yield {"calls": len(found)}
    if asked.pairs:
        for number in range(asked.pairs) if asked.only is None else [asked.only]:
            chance = random.Random(number)
            aim = chance.choice(found)
            yield {"trial": number, "aim": str(aim)} | injector.killed_twice(aim, chance)
        return
    for number, aim in enumerate(found):
        if asked.only in {None, number}:
            yield {"trial": number, "aim": str(aim)} | injector.trial(number, aim, ever_after=asked.ever_after)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("script", choices=SCRIPTS)
    parser.add_argument("fault", choices=("kill", "EIO", "ENOSPC", "either"))
    parser.add_argument("--ever-after", action="store_true", help="every later call of this name fails too")
    parser.add_argument("--every-end", action="store_true", help="go on to the end after every trial")
    parser.add_argument("--pairs", type=int, default=0, help="so many trials with a second kill, in the recovery")
    parser.add_argument("--flips", type=int, default=0, help="so many trials with one bit of the journal flipped")
    parser.add_argument("--only", type=int)
    asked = parser.parse_args()
    nursery = Nursery(asked.folder, asked.script)
    try:
        nursery.lay_out()
        injector = Injector(nursery, asked.fault, asked.every_end)
        for line in trials(injector, asked):
            _say(line)
        _say({"states": len(injector.proven), "cpu_s": round(_cpu_s(), 1)})
    finally:
        nursery.close()


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _say(line: object) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
