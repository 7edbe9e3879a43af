"""A world so small that one run of it makes some hundred system calls: a batch of two people, two requests.

One process holds all of the program loaded and forks each run, each portal and the mailbox, so that a trial costs
tenths of a second. Every trial begins from the same prepared folder.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import socket
import sqlite3
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from adapters.practice.effects import LEDGER_NAME
from adapters.practice.mailbox import Mailbox
from adapters.practice.process import PracticePortal, listen, serve_on
from adapters.practice.traffic import TRAFFIC_NAME
from adapters.practice.weather import Weather
from adapters.vault import Vault
from bridge import jobs, logs, pipeline
from bridge.config import Config
from bridge.wiring.service import NeverStops, SystemClock, Ways, bring_up_to_date, lay_out, open_house
from schemas.errors import BridgeError
from schemas.journal import Instant
from schemas.report import RunState
from schemas.texts import Language
from tests.adapters.ledgers import id_no, row
from tests.adapters.moved_in import moved_in
from tests.reliability.checker import Row, lines
from tests.reliability.here import read_here
from tests.reliability.strace import STEP, aims, attached, killing
from tests.system.office import PASSWORD, ROOT, Office, furnish

BATCH = "第三批"
PEOPLE = 1, 2
REFUSED = 2
WINDOW_S = 5
CRASHED = 70
SAVES_PEOPLE = "/recuperation/person/saveBatch"
CLOCK = SystemClock()
ANSWERS_FOR_S = 60.0
"""And longer: it passes after each byte."""
_SUBMIT = '[operations.submit]\npath = "/recuperation/batch/submit"\nbody = { id = "{online_id}" }\n'


def _heard(words: bytes) -> None:
    """On standard error, by a call that nobody lets fail."""
    os.writev(2, [words])


@dataclass(frozen=True)
class Later:
    """The machine's clock, so much further on. Whoever asks for the time while nobody sends, begins a step."""

    by_s: float
    steps: Steps | None = None

    def instant(self) -> Instant:
        if self.steps and not any(thread.name == "crew" for thread in threading.enumerate()):
            self.steps.step("")
        now = CLOCK.instant()
        return Instant(now.at + timedelta(seconds=self.by_s), now.uptime_s + self.by_s, now.boot)


@dataclass(frozen=True)
class Steps:
    """Says in the trace when a step begins, and waits there when it is the one to be traced from."""

    pipe: int
    wait_at: int | None
    begun: list[str] = field(default_factory=list)

    def step(self, name: str, total: int | None = None) -> None:
        self.begun.append(name)
        if self.pipe:
            os.writev(self.pipe, [STEP.encode()])
        self.wait(len(self.begun))

    def wait(self, number: int) -> None:
        if self.wait_at == number:
            os.write(self.pipe, b"!")
            os.read(self.pipe, 1)

    def advance(self, count: int = 1) -> None: ...


def stage(config: Config, ways: Ways) -> int:
    with open_house(config, ways, work="sync") as house:
        pipeline.take_in(house)
    return 0


def sync(config: Config, ways: Ways) -> int:
    return 0 if jobs.sync(config, ways).state is RunState.COMPLETE else 1


def sync_twice(config: Config, ways: Ways) -> int:
    """The second time the settle window has passed."""
    sync(config, ways)
    return sync(config, replace(ways, clock=replace(ways.clock, by_s=2 * WINDOW_S)))


def reconcile(config: Config, ways: Ways) -> int:
    with open_house(config, ways, work="reconcile") as house:
        return 0 if pipeline.compare(house).state is RunState.COMPLETE else 1


def report(config: Config, ways: Ways) -> int:
    issued = jobs.issue_report(config, ways, send=True)
    for text in issued.posted.failures:
        os.write(2, text.into(Language.EN).encode())
    return 1 if issued.posted.failures else 0


def migrate(config: Config, ways: Ways) -> int:
    bring_up_to_date(config, ways)
    return 0


Script = Callable[[Config, Ways], int]
SCRIPTS: dict[str, Script] = {
    "stage": stage,
    "push": sync,
    "submit": sync,
    "partial": sync,
    "recover": sync,  # one request was stored and its answer never heard
    "recover-late": sync_twice,  # one request never left
    "reconcile": reconcile,
    "mail": report,
    "migrate": migrate,
}


@dataclass
class Nursery:
    """`office` and the portal's folder lie in `now`, which every trial finds as `ready` was left."""

    folder: Path
    script: str

    def __post_init__(self) -> None:
        self.now, self.ready = self.folder / "now", self.folder / "ready"
        self.listening = listen(0)
        self._mail: tuple[int, int] = (0, 0)
        self._portal: tuple[int, int] = (0, 0)

    @property
    def office(self) -> Path:
        return self.now / "office"

    @property
    def portal(self) -> Path:
        return self.now / "portal"

    @property
    def effects(self) -> list[Row]:
        return lines(self.portal / LEDGER_NAME)

    @property
    def letters(self) -> list[str]:
        """The Message-ID of each mail that came."""
        found = []
        for path in sorted((self.now / "mail").glob("*.eml")):
            [line] = [line for line in path.read_text("utf-8").splitlines() if line.lower().startswith("message-id:")]
            found.append(line.split(":", 1)[1].strip())
        return found

    def close(self) -> None:
        for pid, _ in (self._portal, self._mail):
            _kill(pid)

    # --- the beginning of every trial

    def lay_out(self) -> None:
        self.now.mkdir()
        lay_out(self.office)
        self._mail = self._open_mailbox()
        with PracticePortal(self.now / "portal") as portal:
            portal.base_url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
            box = Mailbox(self.now / "mail")
            box.port = self.mail_port
            furnish(office := Office(self.office, portal, box))
        dialect = (ROOT / "schemas/dialects/qilu.toml").read_text("utf-8")
        assert _SUBMIT in dialect
        if self.script != "submit":  # the others are shorter without
            dialect = dialect.replace(_SUBMIT, "")
        (self.office / "small.toml").write_text(dialect, encoding="utf-8")
        office.change("[portal]\n", f'[portal]\ndialect = "small.toml"\nca_file = "{box.ca_file.as_posix()}"\n')
        office.change("settle_window_s = 0", f"settle_window_s = {WINDOW_S}")
        office.keep(f"{BATCH}.xlsx", *(row(number) for number in PEOPLE), batch=BATCH)
        self.config = Config.load(self.office / "config.toml")
        if self.script == "migrate":
            _as_the_first_version_left_it(self.config)
        self.keep()
        self.warm_up()
        self.prepare()
        self.keep()
        read_here()
        gc.freeze()  # children share the memory instead of copying it

    def warm_up(self) -> None:
        """Here, so that no child has to be the first: what is loaded and compiled once is there for all."""
        for script in (sync, SCRIPTS[self.script]):
            self.again()
            logs.configure("error", sys.stderr.buffer)
            script(self.config, Ways(Later(0), Steps(0, None), NeverStops()))
        self.again()

    def prepare(self) -> None:
        """What must have gone before. Raises AssertionError where it went otherwise."""
        if self.script in {"push", "submit", "partial", "recover", "recover-late"}:
            assert self.run(stage) == 0, self.said
        if self.script in {"reconcile", "mail"}:
            assert self.run(sync) == 0, self.said
        if self.script == "recover":
            self.stop_before_the_answer()
        if self.script == "recover-late":
            self.stop_before_the_request()
        if self.script in {"recover", "recover-late"}:
            assert self.on_its_way() == ["save_people"], "the people are not on their way"

    def stop_before_the_answer(self) -> None:
        """The people are online, and whoever sent them dies while the portal goes on with its answer."""
        self.stop_portal()
        self.start_portal(replace(self.weather, only=SAVES_PEOPLE, trickle_s=ANSWERS_FOR_S))
        with self.child(sync, wait_at=None) as child:
            while self.people_online() < len(PEOPLE) and child.lives():
                time.sleep(0.01)
            self.wait_until_quiet()
        self.stop_portal()

    def stop_before_the_request(self) -> None:
        """The people leave the journal, and never the machine: at the last call that has them so."""
        log = self.folder / "prepare.log"
        self.keep()
        traced(self, sync, 0, [], log=log)
        for aim in reversed(aims(log, ["sendto"])):
            self.again()
            traced(self, sync, aim.step, killing(aim))
            self.wait_until_quiet()
            if self.on_its_way() == ["save_people"] and not self.people_online():
                break

    def people_online(self) -> int:
        return sum(bool(one["person"]) for one in self.effects)

    def on_its_way(self) -> list[str]:
        """The operations of the requests whose end the journal does not know."""
        with closing(sqlite3.connect(self.config.journal.path)) as journal:
            return [name for (name,) in journal.execute("SELECT operation FROM attempt WHERE ended_at IS NULL")]

    def keep(self) -> None:
        """What there is now is what every trial begins with."""
        shutil.rmtree(self.ready, ignore_errors=True)
        shutil.copytree(self.now, self.ready)

    def again(self) -> None:
        """Everything as it was kept, and the mailbox empty; the portal is a new one where the old one changed."""
        changed = ["office"] if self._portal[0] and self._same("portal/effects.jsonl") else ["office", "portal"]
        if "portal" in changed:
            self.stop_portal()
        for name in changed:
            shutil.rmtree(self.now / name)
            shutil.copytree(self.ready / name, self.now / name)
        moved_in(self.now)
        for letter in (self.now / "mail").glob("*.eml"):
            letter.unlink()
        if "portal" in changed:
            self.start_portal()
        else:  # it goes on appending to what is left of its log
            (self.portal / TRAFFIC_NAME).write_bytes((self.ready / "portal" / TRAFFIC_NAME).read_bytes())

    def _same(self, name: str) -> bool:
        now, ready = self.now / name, self.ready / name
        return now.exists() == ready.exists() and (not now.exists() or now.read_bytes() == ready.read_bytes())

    @property
    def weather(self) -> Weather:
        return Weather(refuse_ids=(id_no(REFUSED),) if self.script == "partial" else ())

    def start_portal(self, weather: Weather | None = None) -> None:
        weather = weather or self.weather
        self._portal = self._served(lambda: serve_on(self.listening, self.now / "portal", weather))

    def stop_portal(self) -> None:
        _kill(self._portal[0])
        self._portal = (0, 0)

    def wait_until_quiet(self) -> None:
        """A request may still be on its way into the portal when its sender is dead: until all of the portal sleeps."""
        while any(state != "S" for state in _states(self._portal[0])):
            time.sleep(0.001)

    def _open_mailbox(self) -> tuple[int, int]:
        def serve() -> None:
            warnings.simplefilter("ignore")  # aiosmtpd's own
            with Mailbox(self.now / "mail", user="practice", password=PASSWORD) as box:
                print(box.port, flush=True)
                sys.stdin.read()

        pid, told = self._served(serve, keep=True)
        self.mail_port = int(told)
        return pid, told

    def _served(self, serve: Callable[[], None], *, keep: bool = False) -> tuple[int, int]:
        """A child that has said its first line."""
        told, telling = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.dup2(telling, 1)
            _ends_with_its_parent()
            serve()
            os._exit(0)
        os.close(telling)
        with os.fdopen(told) as lines:
            word = lines.readline().split()[-1]
        return pid, int(word)

    # --- runs

    def run(self, script: Script, *, later_s: float = 0) -> int:
        """Undisturbed, and then its exit code."""
        with self.child(script, wait_at=None, later_s=later_s) as child:
            return child.code()

    @contextmanager
    def child(self, script: Script, *, wait_at: int | None, later_s: float = 0) -> Iterator[Child]:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            pid = os.fork()
            if pid == 0:
                ours.close()
                self._live(script, Steps(theirs.fileno(), wait_at), later_s)
            theirs.close()
            child = Child(pid, ours)
            yield child
            child.end()

    def _live(self, script: Script, steps: Steps, later_s: float) -> None:
        """Never returns."""
        code = CRASHED
        try:
            with (self.now / "said.txt").open("wb", buffering=0) as said:
                os.dup2(said.fileno(), 2)
            logs.configure("error", sys.stderr.buffer)
            steps.wait(0)
            code = script(self.config, Ways(Later(later_s, steps), steps, NeverStops()))
        except BridgeError as error:
            code = error.exit_code
            _heard(error.into(Language.EN).encode())
        except BaseException:  # noqa: BLE001  # a child that goes on would fork on its own
            _heard(traceback.format_exc().encode())
        finally:
            os._exit(code)

    @property
    def said(self) -> str:
        """What the last run wrote on standard error."""
        return (self.now / "said.txt").read_text("utf-8", "replace")

    def calm(self) -> list[int]:
        """Plain runs until nothing is open, the settle window passing between them; their exit codes."""
        codes = []
        for number in range(1, 5):
            codes.append(self.run(sync, later_s=number * 2 * WINDOW_S))
            if not self.open_states() and (codes[-1] == 0 or self.script == "partial"):
                break
        return codes

    def open_states(self) -> set[str]:
        with sqlite3.connect(self.config.journal.path) as journal:
            states = {state for (state,) in journal.execute("SELECT state FROM revision")}
        journal.close()
        return states & {"ready", "intent", "sending", "unknown", "accepted"}


@dataclass
class Child:
    pid: int
    pipe: socket.socket
    status: int | None = None

    def wait_for(self) -> bool:
        """Until it waits at its step; False when it ended before."""
        heard = b""
        while not heard.endswith(b"!"):
            more = self.pipe.recv(4096)
            if not more:
                return False
            heard += more
        return True

    def go_on(self) -> None:
        self.pipe.send(b".")

    def code(self) -> int:
        if self.status is None:
            self.status = os.waitpid(self.pid, 0)[1]
        return os.waitstatus_to_exitcode(self.status)

    def lives(self) -> bool:
        if self.status is None and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            self.code()
        return self.status is None

    def end(self) -> None:
        if self.status is None:
            _kill(self.pid)
            self.status = -1


def traced(
    nursery: Nursery, script: Script, step: int, options: Sequence[str], *, log: Path | None = None, later_s: float = 0
) -> int | None:
    """One run under strace from that step on: its exit code, None where it never came to the step."""
    with nursery.child(script, wait_at=step, later_s=later_s) as child:
        if not child.wait_for():
            return None
        with attached(child.pid, *options, log=log):
            child.go_on()
            return child.code()


def _kill(pid: int) -> None:
    if pid:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _states(pid: int) -> Iterator[str]:
    """Of each thread, as proc(5) has it."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # it has ended meanwhile
            yield (thread / "stat").read_text("ascii").rpartition(") ")[2][0]


def _ends_with_its_parent() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    reading, _ = os.pipe()
    os.dup2(reading, 0)


def _as_the_first_version_left_it(config: Config) -> None:
    first = import_module("adapters.journal.migrations.versions.0001_first")
    config.journal.path.unlink()
    with sqlite3.connect(config.journal.path) as journal:
        for statement in first.STATEMENTS:
            journal.execute(statement)
        journal.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        journal.execute("INSERT INTO alembic_version VALUES ('0001')")
        key_check = Vault.load(config.vault.key_file).check_value()
        journal.execute("INSERT INTO meta (key, value) VALUES ('key_check', ?)", (key_check,))
    journal.close()
