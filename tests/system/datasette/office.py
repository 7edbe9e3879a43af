"""An office whose portal is Datasette: its settings name the dialect file beside this one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.system.datasette.process import Datasette
from tests.system.office import ABOUT_US, Desk, run

_DIALECT = Path(__file__).with_name("datasette.toml")
_PORTAL = """
[portal]
dialect = '{dialect}'
base_url = "{base_url}"
app_id = "bridge"
app_secret_file = "portal.secret"

[portal.retries]
attempts = 2
time_s = 1

[log]
file = "bridge.log"
level = "debug"
"""


@dataclass(frozen=True, slots=True)
class DatasetteOffice(Desk):
    datasette: Datasette
    token: str


@contextmanager
def open_datasette_office(folder: Path) -> Iterator[DatasetteOffice]:
    """A new office and a running Datasette, everything but ledgers ready."""
    made = run("init", "office", folder=folder)
    assert made.code == 0, made.err
    with Datasette(folder / "datasette") as datasette:
        office = DatasetteOffice(folder / "office", datasette, datasette.token("bridge"))
        to_portal = _PORTAL.format(dialect=_DIALECT, base_url=datasette.base_url)
        office.settings.write_text(ABOUT_US + to_portal, encoding="utf-8")
        office.hide("portal.secret", office.token)
        yield office
