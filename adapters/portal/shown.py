"""A request as it would go out, made by the engine itself and never sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlencode

import httpx

from adapters.portal.http import HttpPortal
from adapters.wire.clients import Clients
from adapters.wire.line import Line
from adapters.wire.requests import Call, Credentials, Made
from adapters.wire.stamps import PortalClock
from adapters.wire.ticks import Ticks
from adapters.wire.waiting import Retries
from schemas import specimen
from schemas.dialect import Dialect
from schemas.dialect.access import Grant
from schemas.dialect.request import Dictionaries, Listing, Request, TicketPoll
from schemas.portal import Operation, Record

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Shown:
    """One request in the order people read it; `canonical` is what its signature was made over."""

    method: str
    url: str
    headers: Fields
    canonical: str
    body: str


@dataclass(frozen=True, slots=True)
class Specimen:
    """What a request is shown with, in the portal's words. `time` and `nonce`: those of an example, else new ones."""

    batch: Fields
    person: Fields
    time: str = ""
    nonce: str = ""


class Showcase:
    """Shows the requests of one dialect."""

    def __init__(
        self, dialect: Dialect, base_url: str, credentials: Credentials, specimen: Specimen, ticks: Ticks
    ) -> None:
        self._dialect = dialect
        self._base_url = base_url.rstrip("/")
        self._specimen = specimen
        self._granted = {grant.name: f"«{grant.name}»" for grant in dialect.grants}
        clock = _StoppedClock(dialect, ticks, specimen)
        clients = Clients(self._base_url, _never_opened)
        self._line = _UnsentLine(dialect, clients, credentials, Retries(), ticks, clock)
        self._portal = HttpPortal(self._line)

    def grant(self, grant: Grant) -> Shown:
        return self._shown(self._line.maker.make_grant(grant, self._granted))

    def operation(self, name: str, shape: Request) -> Shown:
        """Raises Unmappable, ConfigError (a key that does not fit its cipher)."""
        return self._shown(self._line.maker.make(self._call(name, shape), self._granted))

    def _call(self, name: str, shape: Request) -> Call:
        maker = self._line.maker
        match shape:
            case Listing():
                return maker.page_call(shape.paged(self._dialect.paging), self._asked_for(name), {})
            case TicketPoll():
                values = {"ticket": specimen.TICKET}
            case Dictionaries():
                values = {"dictionary": next(iter(shape.names.values()), "")}
            case _:
                return self._write(Operation(name), shape)
        return Call(shape, values, maker.content(shape, values))

    def _asked_for(self, name: str) -> dict[str, str]:
        paging = self._dialect.paging
        pages = {
            "page": str(paging.first_page),
            "offset": "0",
            "cursor": "",
            "size": str(self._dialect.limits.page_size),
        }
        of_people = name in {"list_people", "query_person"}
        return {**pages, "year": specimen.BATCH["year"], "parent": specimen.BATCH_ID} | _named(
            "person" if of_people else "batch", self._specimen.person if of_people else self._specimen.batch
        )

    def _write(self, operation: Operation, shape: Request) -> Call:
        of_people = operation in {Operation.SAVE_PEOPLE, Operation.UPDATE_PERSON}
        fields = {} if operation is Operation.SUBMIT else self._specimen.person if of_people else self._specimen.batch
        record = Record(specimen.SERIAL, fields, specimen.PERSON_ID if of_people else specimen.BATCH_ID)
        payload = self._portal.prepare(operation, [record], parent=specimen.BATCH_ID, batch=self._specimen.batch)
        return Call(shape, payload.values, payload.body)

    def _shown(self, made: Made) -> Shown:
        query = f"?{urlencode(made.query)}" if made.query else ""
        body = made.body.decode(errors="replace")
        return Shown(made.method, f"{self._base_url}{made.path}{query}", made.headers, made.canonical, body)


class _StoppedClock(PortalClock):
    """Says the time and the nonce of an example."""

    def __init__(self, dialect: Dialect, ticks: Ticks, specimen: Specimen) -> None:
        super().__init__(dialect.stamp, ticks)
        self._specimen = specimen

    def time(self) -> str:
        return self._specimen.time or super().time()

    def nonce(self) -> str:
        return self._specimen.nonce or super().nonce()


class _UnsentLine(Line):
    """A line that asks nobody for a grant: each stands as its name."""

    def granted(self) -> Mapping[str, str]:
        return {grant.name: f"«{grant.name}»" for grant in self.dialect.grants}


def _never_opened() -> NoReturn:
    raise httpx.ConnectError("what is shown is not sent")


def _named(kind: str, fields: Fields) -> dict[str, str]:
    return {f"{kind}.{name}": value for name, value in fields.items()}
