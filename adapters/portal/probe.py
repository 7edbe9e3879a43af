"""Tries a dialect on its portal, a step at a time, and says of each what worked. Nothing is ever written there.

What the portal says is repeated with our secrets hidden and long numbers masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.portal.likeness import answered, compared_rows, compared_words
from adapters.portal.records import sealed_row
from adapters.wire.calls import Reply
from adapters.wire.forms import decoded
from adapters.wire.grants import Grants
from adapters.wire.line import Line, NotYet
from adapters.wire.pages import Pages, rows_of
from adapters.wire.paths import at, member, steps, text
from adapters.wire.requests import Call, Made
from schemas.dialect.request import Dictionaries, Listing
from schemas.errors import AuthError, SchemaDrift
from schemas.examined import Examined
from schemas.outcome import Outcome, Reaction, Transport, known, reaction
from schemas.texts import T, Text
from schemas.veil import Veil

_STILL_ONE_CLOCK_S = 2


class Probe:
    """`steps` goes as far as it can. `veil` hides our secrets and what was granted so far."""

    def __init__(self, line: Line, year: int, veil: Veil) -> None:
        self._line = line
        self._dialect = line.dialect
        self._year = year
        self._asked: list[Reply] = []
        self._secrets = veil
        self._granted: Mapping[str, str] = {}

    @property
    def veil(self) -> Veil:
        return self._secrets.and_also(self._granted)

    def steps(self) -> Iterator[Examined]:
        try:
            yield from self._grants()
            yield from self._listing()
            yield from self._dictionaries()
        except _Stopped as stop:
            yield stop.examined
        except NotYet as shut:
            yield Examined(T("portal"), 1, shut.text, T("Try again outside limits.closing_hours."))

    def _grants(self) -> Iterator[Examined]:
        failed = self._ask() if self._dialect.grants else None
        if failed and self._said(self._asked[-1]) is Reaction.CLOCK:  # the answer said what time it is
            failed = self._ask()
        for grant, reply in zip(self._dialect.grants[: len(self._asked) - bool(failed)], self._asked, strict=False):
            yield Examined(_grant(grant.name), 0, answered(reply, self.veil))
        if failed:
            raise _Stopped(failed)

    def _ask(self) -> Examined | None:
        """Ask for all grants anew; what went wrong, if anything did."""
        self._asked.clear()
        asking = Grants(
            self._dialect.grants, self._line.maker, self._fetch, self._line.clock, self._line.ticks.monotonic
        )
        try:
            asking.current()
        except _Stopped as stop:
            return stop.examined
        except (AuthError, SchemaDrift) as error:
            name = _grant(self._dialect.grants[len(self._asked) - 1].name)
            return Examined(name, 1, error.text, T("Correct value_at or lock in [[grants]]."))
        finally:
            self._granted = asking.held()
        return None

    def _fetch(self, made: Made) -> Reply:
        name = _grant(self._dialect.grants[len(self._asked)].name)
        reply = self._line.once(made, {})
        self._asked.append(reply)
        if known(reply.seen, self._dialect.answer_rules) is not Outcome.ACCEPTED:
            fix = self._fix(reply, T("Check app_id, app_secret and [[grants]]."))
            raise _Stopped(Examined(name, 1, answered(reply, self.veil), fix))
        return reply

    def _listing(self) -> Iterator[Examined]:
        listing = self._dialect.operations.list_batches
        name = T("operations.{name}", name="list_batches")
        if listing is None:
            yield Examined(name, 0, T("the dialect has none: nothing else can be tried without writing."))
            return
        reply = self._page(listing)
        if known(reply.seen, self._dialect.answer_rules) is not Outcome.ACCEPTED:
            raise _Stopped(Examined(name, 1, answered(reply, self.veil), self._fix(reply, _COMPARE)))
        if self._dialect.signature:
            yield Examined(T("signature"), 0, T("accepted"))
        yield self._clock(reply)
        try:
            rows = rows_of(reply.document, Pages.of(self._dialect, listing, self._opened_row))
        except SchemaDrift as drift:
            raise _Stopped(Examined(name, 1, drift.text, T("Correct rows_at, total_at or [sealing]."))) from None
        yield Examined(name, 0, answered(reply, self.veil))
        yield Examined(T("first page"), 0, T("{count} batches", count=len(rows)))
        yield from compared_rows(rows, self._dialect, self._year)

    def _page(self, listing: Listing) -> Reply:
        paging, line = self._dialect.paging, self._line
        values = {
            "year": str(self._year),
            "page": str(paging.first_page),
            "offset": "0",
            "cursor": "",
            "size": str(self._dialect.limits.page_size),
        }
        call = line.maker.page_call(listing.paged(paging), values, {})
        reply = line.once(line.maker.make(call, self._granted), self._granted)
        if self._said(reply) is Reaction.CLOCK:
            reply = line.once(line.maker.make(call, self._granted), self._granted)
        return reply

    def _clock(self, reply: Reply) -> Examined:
        if not reply.date:
            return Examined(T("clock"), 0, T("the portal's answers do not say the time; this machine's own is used."))
        offset_s = round(self._line.clock.offset_s)
        if abs(offset_s) <= _STILL_ONE_CLOCK_S:
            return Examined(T("clock"), 0, T("the same as the portal's"))
        return Examined(
            T("clock"),
            0,
            T("the portal's differs by {seconds} s; calls are stamped with the portal's", seconds=offset_s),
        )

    def _dictionaries(self) -> Iterator[Examined]:
        shape = self._dialect.operations.dictionaries
        if shape is not None:
            for ours, theirs in shape.names.items():
                yield self._dictionary(shape, ours, theirs)

    def _dictionary(self, shape: Dictionaries, ours: str, theirs: str) -> Examined:
        name, line = T("dictionary {name}", name=theirs), self._line
        values = {"dictionary": theirs}
        call = Call(shape, values, line.maker.content(shape, values))
        reply = line.once(line.maker.make(call, self._granted), self._granted)
        if known(reply.seen, self._dialect.answer_rules) is not Outcome.ACCEPTED:
            return Examined(
                name, 1, answered(reply, self.veil), self._fix(reply, T("Correct [operations.dictionaries]."))
            )
        rows = at(reply.document, shape.rows_at)
        if not isinstance(rows, list):
            return Examined(name, 1, T("no list at {path}", path=shape.rows_at), T("Correct rows_at."))
        code, word = steps(shape.code_field), steps(shape.word_field)
        listed = {text(member(row, code)): text(member(row, word)) for row in rows}
        return compared_words(name, listed, ours, self._dialect.words.read[ours])

    def _opened_row(self, value: object) -> object:
        sealing = self._dialect.sealing
        if sealing is None or not sealing.rows:
            return value
        lock = self._line.maker.lock(sealing, self._granted)
        return sealed_row(value, lambda: lock, lambda plain: decoded(plain, self._dialect.answer))

    def _fix(self, reply: Reply, otherwise: Text) -> Text:
        seen = reply.seen
        match seen.transport:
            case Transport.CONNECT_FAILED | Transport.LOST:
                return T("Check base_url, ca_file, the network, and whether the portal is open now.")
            case Transport.NOT_OURS:
                return T("Check base_url and path; or correct answer.form and answer.code_at.")
            case Transport.ANSWERED:
                return _FIXES.get(self._said(reply), otherwise)

    def _said(self, reply: Reply) -> Reaction:
        return reaction(reply.seen, self._dialect.answer_rules)


class _Stopped(Exception):
    """A step failed that all others need."""

    def __init__(self, examined: Examined) -> None:
        super().__init__()
        self.examined = examined


_COMPARE = T("Compare with: lxy-bridge dialect show list_batches")
_FIXES = {
    Reaction.CLOCK: T("Correct time and zone in [stamp]."),
    Reaction.THROTTLE: T("Wait a minute, and lower limits.calls_per_minute."),
    Reaction.RETRY: T("Try again later."),
    Reaction.CLOSED: T("The portal is closed now: add its hours to limits.closing_hours."),
    Reaction.UNKNOWN: T("Add this code to [[answer.rules]] if the interface document knows it."),
}


def _grant(name: str) -> Text:
    return T("grant {name}", name=name)
