"""Datasette as a process of its own, on a port of its own choice, with the two tables of schema.sql."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

_HERE = Path(__file__).parent
_READY = re.compile(r"running on (http://127\.0\.0\.1:\d+)")
_PATIENCE_S, _POLL_S = 60.0, 0.05

# The bridge enters and corrects; a colleague corrects and deletes in the portal's own pages; nobody else sees anything.
_ACCESS = {
    "databases": {
        "union": {
            "allow": {"id": ["bridge", "colleague"]},
            "permissions": {
                "insert-row": {"id": "bridge"},
                "update-row": {"id": ["bridge", "colleague"]},
                "delete-row": {"id": "colleague"},
            },
        }
    }
}


class Datasette:
    """Runs while the block runs; `folder` keeps its database and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "union.db"
        self._log = folder / "said.txt"
        self._secret = secrets.token_hex(16)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        with closing(sqlite3.connect(self.database)) as database:
            database.executescript((_HERE / "schema.sql").read_text(encoding="utf-8"))
        (self.folder / "access.json").write_text(json.dumps(_ACCESS), encoding="utf-8")
        self.process = self._start()
        try:
            self.base_url = self._address()
            headers = {"Authorization": f"Bearer {self.token('colleague')}"}
        except BaseException:
            self._end()
            raise
        self._colleague = httpx.Client(base_url=self.base_url, headers=headers, trust_env=False, timeout=_PATIENCE_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._colleague.close()
        self._end()

    def token(self, actor: str) -> str:
        """A signed token, made as Datasette's operator makes one."""
        done = subprocess.run(
            self._command("create-token", actor), env=self._environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def by_hand(self, path: str, document: Mapping[str, object]) -> None:
        """What a colleague does through the API, with a token of their own."""
        answer = self._colleague.post(path, json=document)
        assert answer.status_code == 200, answer.text

    def query(self, sql: str, *values: object) -> list[Any]:
        """One statement on the file itself, past Datasette."""
        with closing(sqlite3.connect(self.database, timeout=_PATIENCE_S)) as database, database:
            return database.execute(sql, values).fetchall()

    def written(self) -> Counter[str]:
        """What was done to how many rows, since the beginning and by anybody."""
        return Counter(what for (what,) in self.query("SELECT what FROM written"))

    def said(self) -> str:
        """Its own log: every request it answered, a line each."""
        return self._log.read_text(encoding="utf-8")

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as file:
            return subprocess.Popen(
                self._command("serve", "union.db", "--config", "access.json", "--port", "0"),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-I", "-X", "utf8", "-m", "datasette", *words]

    def _environment(self) -> dict[str, str]:
        """Nothing of this machine's settings; what it keeps for itself lies in its own folder too."""
        return {"HOME": str(self.folder), "TMPDIR": str(self.folder), "DATASETTE_SECRET": self._secret}

    def _address(self) -> str:
        """Waits until it listens; raises RuntimeError when it ends or keeps silent."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            if found := _READY.search(self.said()):
                return found[1]
            time.sleep(_POLL_S)
        raise RuntimeError(self.said())

    def _end(self) -> None:
        self.process.kill()
        self.process.wait()
