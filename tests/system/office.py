"""An office to run the commands in: a folder made by `init`, settings, ledgers, a running portal and a mailbox."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from adapters.practice.mailbox import Mailbox
from adapters.practice.process import PracticePortal
from bridge.__main__ import CRASHED, main
from tests.adapters.ledgers import HEADER, people, row, write_xlsx

ROOT = Path(__file__).parents[2]
ORGANISER, BASE, THIRD = "荣成市总工会", "石岛赤山疗养基地", "荣成市总工会 第三批"
PASSWORD = "practice-only"
_PATIENCE_S = 60

ABOUT_US = """\
[federation]
name = "演练市总工会"
city = "演练市"
code = "999900"
year = 2025
policy = "weihai-2025"

[[federation.bases]]
name = "石岛赤山疗养基地"
level = "city"

[[source]]
name = "ledgers"
path = "ledgers"
quiet_s = 0
"""

_PORTAL = """
[portal]
base_url = "{base_url}"
app_id = "{app_id}"
app_secret_file = "portal.secret"
settle_window_s = 0

[portal.retries]
attempts = 2
time_s = 1
"""

_MAIL = """
[mail]
enabled = true
host = "{host}"
port = {port}
security = "starttls"
user = "practice"
password_file = "mail.secret"
ca_file = "{ca_file}"
sender = "lxy@practice.invalid"
recipients = ["office@practice.invalid"]
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What one command came to."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Desk:
    """`folder` holds config.toml, keys.toml, journal.db and the ledgers; whatever the portal is."""

    folder: Path

    @property
    def ledgers(self) -> Path:
        return self.folder / "ledgers"

    @property
    def settings(self) -> Path:
        return self.folder / "config.toml"

    def change(self, old: str, new: str) -> None:
        """One passage of the settings; it must be there."""
        text = self.settings.read_text(encoding="utf-8")
        assert old in text
        self.settings.write_text(text.replace(old, new), encoding="utf-8")

    def hide(self, name: str, secret: str) -> None:
        """A file that only its owner may read."""
        (self.folder / name).touch(mode=0o600)
        (self.folder / name).write_text(secret, encoding="utf-8")

    def keep(self, name: str, *rows: Sequence[object], batch: str = "第三批", line: str = "") -> Path:
        """A ledger of one batch that ended on 7 May 2025, with one leader."""
        leader = row(900, remark="领队")
        facts = line or f"组织单位：{ORGANISER}    疗休养时间：2025年5月3日-7日    地点：{BASE}   层级：市级"
        head = [["2025年职工疗休养实名制汇总表"], [facts], [f"批次：{batch}"], HEADER]
        self.ledgers.mkdir(exist_ok=True)
        return write_xlsx(self.ledgers / name, [*head, *rows, leader])

    def keep_three(self, name: str = "第三批.xlsx", **facts: str) -> Path:
        return self.keep(name, *people(3), **facts)

    def run(self, *words: str) -> Ran:
        """One command in the office's folder."""
        return run(*words, folder=self.folder)

    def run_alone(self, *words: str, **environment: str) -> Ran:
        """One command as a process of its own."""
        with self.start(*words, **environment) as process:
            out, err = process.communicate(timeout=_PATIENCE_S)
        return Ran(process.returncode, out.decode(), err.decode())

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "bridge", *words],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"} | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@dataclass(frozen=True, slots=True)
class Office(Desk):
    """One beside a practice portal and a mailbox."""

    portal: PracticePortal
    mailbox: Mailbox


def run(*words: str, folder: Path) -> Ran:
    """One command from its first line to its exit code, without the second a new process takes to load everything."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    before = sys.argv
    try:
        with contextlib.chdir(folder), redirect_stdout(out), redirect_stderr(err), _log_put_back():
            sys.argv = ["lxy-bridge", *words]
            main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.argv = before
    assert isinstance(code, int)
    ran = Ran(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))
    assert code != CRASHED, ran.err
    return ran


@contextmanager
def _log_put_back() -> Iterator[None]:
    """A command sets up the log of its process: here it is pytest's."""
    root = logging.root
    handlers, level, raising = root.handlers, root.level, logging.raiseExceptions
    try:
        yield
    finally:
        root.handlers, logging.raiseExceptions = handlers, raising
        root.setLevel(level)
        logging.captureWarnings(capture=False)
        structlog.reset_defaults()


@contextmanager
def open_office(folder: Path) -> Iterator[Office]:
    """A new office beside its portal and mailbox, everything but ledgers ready."""
    made = run("init", "office", folder=folder)
    assert made.code == 0, made.err
    with (
        PracticePortal(folder / "portal") as portal,
        Mailbox(folder / "mail", user="practice", password=PASSWORD) as mailbox,
    ):
        office = Office(folder / "office", portal, mailbox)
        furnish(office)
        yield office


def furnish(office: Office) -> None:
    portal, mailbox = office.portal, office.mailbox
    to_portal = _PORTAL.format(base_url=portal.base_url, app_id=portal.app_id)
    to_mail = _MAIL.format(host=mailbox.host, port=mailbox.port, ca_file=mailbox.ca_file.as_posix())
    office.settings.write_text("practice = true\n\n" + ABOUT_US + to_portal + to_mail, encoding="utf-8")
    office.hide("portal.secret", portal.app_secret)
    office.hide("mail.secret", PASSWORD)
    office.ledgers.mkdir(exist_ok=True)
