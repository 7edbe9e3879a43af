"""The fuse box of the service: what one run works with, and where time and chance come in."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

from adapters.journal.journal import Journal as SqliteJournal
from adapters.journal.journal import create_journal
from adapters.journal.schema import is_older
from adapters.render import ReportRenderer
from adapters.render.files import write_files
from adapters.sources.apart import Apart
from adapters.vault import Vault, create_keys
from bridge import logs
from bridge.brake import Limits
from bridge.config import Config
from bridge.config.packs import basis_of, load_policy
from bridge.deadlines import DeadlineRule
from bridge.findings import Rules
from bridge.house import House
from bridge.map import MAPPING_VERSION, Glossary, batch_from_online, person_from_online, to_online
from bridge.ports import Clock, Journal, Renderer, Source, Stop, Watch
from bridge.read_back import Reader
from bridge.report import Wording
from bridge.revisions import Numbering
from bridge.rota import Owed
from bridge.wiring.journal import open_memory, open_to_write
from bridge.wiring.portal import SHANGHAI, Carrier, open_carrier
from bridge.wiring.sources import sources_of
from schemas.batch import Base, BatchKey
from schemas.errors import BridgeError, ConfigError
from schemas.journal import Instant
from schemas.policy import Policy
from schemas.report import Report
from schemas.texts import T

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_THIS_PROCESS = uuid.uuid4().hex


class SystemClock:
    """The machine's own clocks. Where no boot id is to be had, waiting is good within one process only."""

    def __init__(self) -> None:
        self._boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else _THIS_PROCESS

    def instant(self) -> Instant:
        since_boot = getattr(time, "CLOCK_BOOTTIME", None)
        uptime_s = time.monotonic() if since_boot is None else time.clock_gettime(since_boot)
        return Instant(datetime.now(SHANGHAI), uptime_s, self._boot)


class NobodyWatches:
    """A run without a progress bar."""

    def step(self, name: str, total: int | None = None) -> None: ...

    def advance(self, count: int = 1) -> None: ...


class NeverStops:
    """A process nobody asks to end between two requests: Ctrl-C ends it at once, and safely."""

    requested = False


@dataclass(frozen=True, slots=True)
class Ways:
    """How this process meets the world: a demo brings its own clock, the daemon its own stop and what is owed."""

    clock: Clock
    watch: Watch
    stop: Stop
    owed: Owed | None = None


def ways_of(watch: Watch) -> Ways:
    return Ways(SystemClock(), watch, NeverStops())


def plain_ways() -> Ways:
    return Ways(SystemClock(), NobodyWatches(), NeverStops())


@contextmanager
def open_house(config: Config, ways: Ways, *, work: str) -> Iterator[House]:
    """Everything one run needs, with the writer's lock held; `work` is what others are told about who holds it.

    Raises ConfigError, JournalError (somebody else is at work).
    """
    policy = load_policy(config)
    with open_to_write(config, ways.clock, work=work) as writing:
        journal, vault, may_send = writing.journal, writing.vault, writing.lease.check
        with (
            _doubting(journal),
            open_carrier(config, vault, journal.runs.rest(), may_write=may_send) as carrier,
            Apart() as apart,
        ):
            sources = sources_of(config, apart, key=vault.key_for("sheets"))
            yield replace(_house(config, ways, vault, journal, carrier, policy, sources), may_send=may_send)


@contextmanager
def _doubting(journal: SqliteJournal) -> Iterator[None]:
    """What looks like a fault of the program may be one of the file, and is then told as that. Raises JournalError."""
    try:
        yield
    except BridgeError:
        raise
    except Exception:
        journal.verify()
        raise


@contextmanager
def open_house_to_look(config: Config, ways: Ways) -> Iterator[House]:
    """The same house for looking only: no lock, and nothing can be written. Raises ConfigError, JournalError."""
    policy, vault = load_policy(config), Vault.load(config.vault.key_file)
    journal = open_memory(config)
    try:
        with open_carrier(config, vault) as carrier, Apart() as apart:
            yield _house(config, ways, vault, journal, carrier, policy, sources_of(config, apart))
    finally:
        journal.close()


@contextmanager
def open_journal_alone(config: Config, ways: Ways, *, work: str) -> Iterator[Journal]:
    """For what people tell the journal by hand: with the writer's lock, without a portal.

    Raises ConfigError, JournalError (somebody else is at work).
    """
    with open_to_write(config, ways.clock, work=work) as writing:
        yield writing.journal


def _house(
    config: Config,
    ways: Ways,
    vault: Vault,
    journal: Journal,
    carrier: Carrier,
    policy: Policy,
    sources: Sequence[Source],
) -> House:
    glossary = Glossary(carrier.words, vault.mark, vault.person_key)
    return House(
        sources=sources,
        portal=carrier.portal,
        desk=carrier.desk,
        journal=journal,
        clock=ways.clock,
        stop=ways.stop,
        watch=ways.watch,
        policy=policy,
        bases=bases_of(config),
        rules=rules_of(config, policy),
        wording=wording_of(config, policy),
        glossary=glossary,
        reader=_reader(config, glossary),
        identify=lambda parts: vault.mark(parts).hex()[:16],
        numbering=Numbering(config.federation.code, vault.serial),
        year=config.federation.year,
        basis=basis_of(config, MAPPING_VERSION),
        sweep_after_h=config.portal.sweep_after_h,
        brake=Limits(**config.brake.model_dump()),
        owed=ways.owed,
    )


def _reader(config: Config, glossary: Glossary) -> Reader:
    organisers = frozenset(config.federation.organisers)

    def ours(key: BatchKey) -> bool:
        return not organisers or key.organiser in organisers

    return Reader(
        batch_from_online=lambda batch: batch_from_online(batch, glossary.words),
        person_from_online=lambda fields: person_from_online(fields, glossary.words),
        batch_to_online=lambda values: to_online(values, glossary.words.batch),
        person_to_online=lambda values: to_online(values, glossary.words.person),
        mark_batch=glossary.mark_batch,
        mark_person=glossary.mark_person,
        person_key=glossary.person_key,
        ours=ours,
    )


@contextmanager
def open_portal(config: Config) -> Iterator[Carrier]:
    """The portal alone, to be looked at: without the journal and its lock. Raises ConfigError."""
    with open_carrier(config, Vault.load(config.vault.key_file)) as carrier:
        yield carrier


def bring_up_to_date(config: Config, ways: Ways) -> None:
    """After an update of the program: those who only look cannot bring an older journal to the new schema.

    Raises ConfigError, JournalError (somebody else is at work).
    """
    if config.journal.path.is_file() and is_older(config.journal.path):
        with open_to_write(config, ways.clock, work="update"):
            return


def lay_out(folder: Path) -> tuple[Path, ...]:
    """A new folder with settings to fill in, keys and an empty journal. Raises ConfigError when it is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(T("The folder {path} is not empty. Name a new one.", path=folder))
    folder.mkdir(parents=True, exist_ok=True)
    settings, keys, journal = folder / "config.toml", folder / "keys.toml", folder / "journal.db"
    settings.write_text(_example(), encoding="utf-8")
    create_keys(keys)
    create_journal(journal, Vault.load(keys))
    return settings, keys, journal


def _example() -> str:
    """The documented settings: in the package once it is built, beside it in a checkout."""
    shipped = files("bridge") / "config.example.toml"
    beside = Path(__file__).parents[2] / "config.example.toml"
    return (shipped if shipped.is_file() else beside).read_text(encoding="utf-8")


def begin_anew(config: Config) -> Path:
    """An empty journal for the keys there are. Raises ConfigError; never overwrites one."""
    create_journal(config.journal.path, Vault.load(config.vault.key_file))
    return config.journal.path


def found(config: Config) -> None:
    """Make the key file and an empty journal. Raises ConfigError; never overwrites either."""
    create_keys(config.vault.key_file)
    create_journal(config.journal.path, Vault.load(config.vault.key_file))


def write_report(report: Report, renderer: Renderer, folder: Path) -> tuple[Path, ...]:
    """The page and the workbook, each replaced whole or not at all."""
    return write_files(report, renderer, folder)


@contextmanager
def log_to(config: Config, *, watched: bool = False) -> Iterator[None]:
    """Inside, every event goes to the log file, else to standard error; where somebody watches it, warnings only.

    Raises ConfigError when the file cannot be written.
    """
    section = config.log
    if section.file is None:
        logs.configure("warning" if watched and sys.stderr.isatty() else section.level, sys.stderr.buffer)
        yield
        return
    with _opened_log(section.file) as file:
        logs.configure(section.level, file)
        yield


def _opened_log(path: Path) -> BinaryIO:
    try:
        return path.open("ab", buffering=0)  # a line is one write: two would be two turns for every thread
    except OSError as error:
        reason = error.strerror
        raise ConfigError(
            T("The log file {path} cannot be written: {reason}. Correct log.file.", path=path, reason=reason)
        ) from None


def start_plain_log() -> None:
    """For a command without settings: warnings, and nothing of them among what it prints."""
    logs.configure("warning", sys.stderr.buffer)


def renderer_of(config: Config) -> Renderer:
    return ReportRenderer(config.federation.language)


def wording_of(config: Config, policy: Policy) -> Wording:
    federation = config.federation
    return Wording(federation.language, policy, federation.name, config.practice)


def bases_of(config: Config) -> list[Base]:
    return [Base(base.name, base.level, base.in_province) for base in config.federation.bases]


def rules_of(config: Config, policy: Policy) -> Rules:
    counted = config.deadlines
    rule = DeadlineRule(counted.days, counted.working_days, counted.holiday_extends, counted.soon_days)
    return Rules(rule, policy.once_per_year, config.rules.review == "portal", config.portal.by_hand)
