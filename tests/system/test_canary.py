"""The demo's people are canaries: no id and no phone of theirs leaves the ledgers, the sealed columns and the portal."""

from __future__ import annotations

import base64
import email
import email.policy
import io
import logging
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import pytest

from adapters.practice.acts import AddPerson, EditPerson
from adapters.practice.faults import stage
from adapters.practice.world import World
from bridge import logs
from tests.system.office import run

PEOPLE, BATCHES = 120, 8
MAY_HOLD_THEM = {"ledgers", "portal"}  # the two sides themselves
LIBRARIES = ("httpx", "httpcore")  # they tell addresses, headers and bodies
READS = {"masked": ["--json"], "revealed": ["--json", "--reveal"]}
ZIP = b"PK\x03\x04"
Blobs = dict[str, bytes]


@dataclass(frozen=True)
class Canaries:
    """Whom nobody may see: numbers in no place, full names in none that is mailed, shown or logged."""

    numbers: frozenset[str]
    names: frozenset[str]


@dataclass(frozen=True)
class Aftermath:
    folder: Path
    console: str


@contextmanager
def everything_logged() -> Iterator[None]:
    """Whatever the settings say: every event there is, and from other people's libraries too."""
    configure = logs.configure

    def loudest(_level: str, stream: BinaryIO) -> None:
        configure("debug", stream)
        for name in ("", *LIBRARIES):
            logging.getLogger(name).setLevel(logging.DEBUG)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "configure", loudest)
        yield
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


@pytest.fixture(scope="module")
def aftermath(tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """The demo played, and every command that shows something run on what it left."""
    folder = tmp_path_factory.mktemp("canary")
    with everything_logged():
        demo = run("demo", "--people", str(PEOPLE), "--batches", str(BATCHES), "--dir", "demo", folder=folder)
    said, folder = [demo.out, demo.err], folder / "demo"
    for words in (["status"], ["findings"], ["findings", "--json"], ["status", "--json"], ["report", "--print"]):
        ran = run(*words, folder=folder)
        assert ran.out
        said += ran.out, ran.err
    read = run("read", *(str(path) for path in (folder / "ledgers").iterdir()), folder=folder)
    return Aftermath(folder, "\n".join([*said, read.out, read.err]))


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    """Everybody whom the demo's ledgers or hands name, on either day."""
    demo = stage(World.make(batches=BATCHES, people=PEOPLE))
    ledgers = [*demo.day1.ledgers, *demo.day2.ledgers]
    everybody = set(chain.from_iterable((*ledger.people, *ledger.leaders) for ledger in ledgers))
    acts = [
        act.fields for act in (*demo.acts_before_day1, *demo.acts_between) if isinstance(act, AddPerson | EditPerson)
    ]
    numbers = {number for one in everybody for number in (one.id_no, one.phone)}
    numbers |= {fields[name] for fields in acts for name in ("idCard", "userPhone") if fields.get(name)}
    names = {one.name for one in everybody} | {fields["fullName"] for fields in acts if "fullName" in fields}
    return Canaries(frozenset(numbers), frozenset(names))


def left_behind(folder: Path) -> Blobs:
    """Every byte of every file, and whatever lies packed in it."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    ours = [path for path in files if path.relative_to(folder).parts[0] not in MAY_HOLD_THEM]
    return {name: blob for path in ours for name, blob in unpacked(str(path.relative_to(folder)), path.read_bytes())}


def unpacked(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    if content.startswith(ZIP):
        with zipfile.ZipFile(io.BytesIO(content)) as pack:
            for member in pack.namelist():
                yield from unpacked(f"{name}!{member}", pack.read(member))
    elif name.endswith(".eml"):
        mail = email.message_from_bytes(content, policy=email.policy.default)
        yield f"{name}!headers", "\n".join(f"{key}: {value}" for key, value in mail.items()).encode()
        for at, part in enumerate(mail.walk()):
            if not part.is_multipart():
                yield from unpacked(f"{name}!{at}", part.get_payload(decode=True))


def plain_columns(journal: Path) -> bytes:
    """Every value of every column that is not sealed, as text."""
    with closing(sqlite3.connect(journal)) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        values = [value for table in tables for value in chain.from_iterable(_plain(connection, table))]
    return "\n".join(value.hex() if isinstance(value, bytes) else str(value) for value in values).encode()


def _plain(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] != "sealed"]
    return connection.execute(f'SELECT {", ".join(columns)} FROM "{table}"').fetchall()


def forms(text: str) -> Iterator[bytes]:
    """As it may stand in bytes: plain, as Windows and JSON write it, and in base64 wherever it begins."""
    plain = text.encode()
    yield from (plain, text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("gb18030"))
    yield text.encode("unicode_escape")
    for ahead in range(3):
        packed = base64.b64encode(bytes(ahead) + plain).rstrip(b"=")
        whole = len(packed) - ((ahead + len(plain)) % 3 > 0)
        yield packed[-(-ahead * 8 // 6) : whole]


def hits(blobs: Blobs, texts: frozenset[str]) -> list[str]:
    """The places only: a failing test must not tell what it found."""
    needles = {form for text in texts for form in forms(text)}
    return sorted(name for name, blob in blobs.items() if any(needle in blob for needle in needles))


def test_no_id_and_no_phone_stands_in_any_log_mail_report_output_or_journal(
    aftermath: Aftermath, canaries: Canaries
) -> None:
    blobs = left_behind(aftermath.folder) | {"console": aftermath.console.encode()}
    blobs["plain columns"] = plain_columns(aftermath.folder / "journal.db")
    kinds = {Path(name.partition("!")[0]).suffix for name in blobs}
    assert kinds >= {".log", ".eml", ".html", ".xlsx", ".db", ".toml", ".json"}
    print(f"{len(canaries.numbers)} numbers, {len(blobs)} places, {sum(map(len, blobs.values()))} bytes")
    assert hits(blobs, canaries.numbers) == []


def test_no_full_name_stands_in_any_mail_report_log_or_plain_column(aftermath: Aftermath, canaries: Canaries) -> None:
    blobs = left_behind(aftermath.folder)
    blobs["plain columns"] = plain_columns(aftermath.folder / "journal.db")
    assert hits(blobs, canaries.names) == []


def test_the_log_of_the_demo_was_at_its_most_talkative(aftermath: Aftermath) -> None:
    told = (aftermath.folder / "bridge.log").read_text(encoding="utf-8")
    assert all(f'"logger":"{name}' in told for name in LIBRARIES)
    assert '"level":"debug"' in told


def test_the_same_scan_finds_them_where_a_command_is_told_to_reveal_them(
    aftermath: Aftermath, canaries: Canaries
) -> None:
    ledgers = [str(path) for path in (aftermath.folder / "ledgers").iterdir()]
    shown = {name: run("read", *ledgers, *words, folder=aftermath.folder).out for name, words in READS.items()}
    blobs = {name: text.encode() for name, text in shown.items()}
    assert hits(blobs, canaries.numbers) == ["revealed"]


@pytest.mark.parametrize("place", ["log", "utf16", "base64", "mail", "sheet", "sheet in a mail", "database"])
def test_a_planted_canary_is_found(tmp_path: Path, place: str) -> None:
    canary = "999001199001010011"
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("xl/sharedStrings.xml", f"<t>{canary}</t>" * 9)
    mail = EmailMessage()
    mail.set_content("附件见下", cte="base64")
    if place == "mail":
        mail.set_content(f"身份证 {canary}", cte="base64")
    elif place == "sheet in a mail":
        mail.add_attachment(sheet.getvalue(), maintype="application", subtype="zip", filename="report.xlsx")
    elif place == "database":
        with closing(sqlite3.connect(tmp_path / "journal.db")) as journal, journal:
            journal.execute("CREATE TABLE event (detail TEXT, sealed BLOB)")
            journal.execute("INSERT INTO event VALUES (?, NULL)", (canary,))
        assert hits({"plain": plain_columns(tmp_path / "journal.db")}, frozenset({canary})) == ["plain"]
    contents = {
        "log": f"id={canary}\n".encode(),
        "utf16": f"id={canary}\n".encode("utf-16"),
        "base64": base64.b64encode(f"a{canary}b".encode()),
        "sheet": sheet.getvalue(),
    }
    if place != "database":
        suffix = ".eml" if "mail" in place else ""
        (tmp_path / f"planted{suffix}").write_bytes(contents.get(place) or mail.as_bytes())
    assert hits(left_behind(tmp_path), frozenset({canary}))
