"""The way to one portal: calls with what was granted to us, tried again where nothing can be done twice by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import inf
from urllib.parse import urlsplit

import structlog

from adapters.wire.calls import Reply, exchange
from adapters.wire.clients import Clients
from adapters.wire.clocked import MayWrite
from adapters.wire.forms import decoded
from adapters.wire.gate import Gate
from adapters.wire.grants import Grants
from adapters.wire.locks import OpenLock
from adapters.wire.paths import at, text
from adapters.wire.requests import Call, Credentials, Made, Maker
from adapters.wire.stamps import PortalClock
from adapters.wire.ticks import Ticks
from adapters.wire.waiting import Retries, patiently
from schemas.dialect import Dialect
from schemas.errors import AuthError, SchemaDrift, TransientError
from schemas.outcome import Outcome, Reaction, Seen, Transport, known, listed, reaction
from schemas.texts import T, Text

_AGAIN = frozenset({Outcome.NOT_SENT, Outcome.NOT_PROCESSED})
_SERVER_FAULT = 500

_log = structlog.get_logger()


class NotYet(TransientError):
    """A call that may be tried again; `reply` and `outcome` say how far it got."""

    def __init__(self, reply: Reply, outcome: Outcome) -> None:
        super().__init__(
            T("The portal cannot be reached or is busy ({cause}).", cause=reply.cause),
            retry_after_s=reply.retry_after_s,
        )
        self.reply = reply
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Written:
    reply: Reply
    outcome: Outcome
    tries: int


class Line:
    """What all threads of a run share on their way to one portal: grants, the gate, the portal's clock, patience."""

    def __init__(
        self,
        dialect: Dialect,
        clients: Clients,
        credentials: Credentials,
        retries: Retries,
        ticks: Ticks,
        clock: PortalClock | None = None,
        may_write: MayWrite | None = None,
    ) -> None:
        """`may_write` raises where this process may write no more; it is asked before a write leaves."""
        self.dialect = dialect
        self.ticks = ticks
        self.clock = clock or PortalClock(dialect.stamp, ticks)
        self.maker = Maker(dialect, credentials, urlsplit(clients.base_url).path.rstrip("/"), self.clock, ticks)
        self._clients = clients
        self._may_write = may_write
        self._rules = dialect.answer_rules
        self._retries = retries
        self._gate = Gate(dialect.limits, self.clock, ticks)
        self._grants = Grants(dialect.grants, self.maker, self._fetch_grant, self.clock, ticks.monotonic)

    def write(self, call: Call) -> Written:
        """An unknown outcome is never tried again. Raises AuthError, Fenced: then nothing was processed."""
        retrying = patiently(self._retries, self.ticks.monotonic, self.ticks.sleep)
        try:
            reply = retrying(self._settled, call)
        except NotYet as last:
            return Written(last.reply, last.outcome, retrying.statistics["attempt_number"])
        outcome = known(reply.seen, self._rules)
        if outcome is not Outcome.UNKNOWN:
            self._retries.pay_back()
        return Written(reply, outcome, retrying.statistics["attempt_number"])

    def read(self, call: Call) -> Reply:
        """A successful answer. Raises TransientError, AuthError, SchemaDrift."""
        reply = patiently(self._retries, self.ticks.monotonic, self.ticks.sleep)(self._readable, call)
        self._retries.pay_back()
        return reply

    @property
    def closed(self) -> bool:
        """Whether the portal said that it is closed: no call goes out any more in this run."""
        return self._gate.closed

    @property
    def shut_for_s(self) -> float:
        """So many seconds the portal wants no call: by its wish, by its hours, or (infinite) for the rest of the run."""
        return self._gate.shut_for_s()

    def be_quiet(self, seconds: float) -> None:
        """What an earlier run was asked for still holds."""
        self._gate.be_quiet(seconds)

    def once(self, made: Made, granted: Mapping[str, str]) -> Reply:
        """One request without patience or judgement, to see what comes. Raises NotYet while the gate is shut."""
        reply, _ = self._exchange(made)
        return self._opened(reply, granted)

    def granted(self) -> Mapping[str, str]:
        """Grant's name → its value, as it is now. Raises AuthError, TransientError."""
        return patiently(self._retries, self.ticks.monotonic, self.ticks.sleep)(self._grants.current)

    def lock(self) -> OpenLock | None:
        """The dialect's own lock for fields and rows, with its key as it is now; None where it has none."""
        sealing = self.dialect.sealing
        return self.maker.lock(sealing, self.granted()) if sealing else None

    def _settled(self, call: Call) -> Reply:
        reply = self._authorised(call, self._may_write)
        outcome = known(reply.seen, self._rules)
        if outcome in _AGAIN:
            raise self._not_yet(reply, outcome)
        return reply

    def _not_yet(self, reply: Reply, outcome: Outcome) -> NotYet:
        """Where the portal has closed, waiting does not help within this run."""
        return NotYet(replace(reply, retry_after_s=inf) if self._gate.closed else reply, outcome)

    def _readable(self, call: Call) -> Reply:
        reply = self._authorised(call)
        if self._may_pass(reply.seen):
            raise self._not_yet(reply, Outcome.NOT_PROCESSED)
        if known(reply.seen, self._rules) is not Outcome.ACCEPTED:
            raise SchemaDrift(
                T("The portal answered {path} with {cause}, no success.", path=call.shape.path, cause=reply.cause)
            )
        return reply

    def _may_pass(self, seen: Seen) -> bool:
        """Whether reading again may help: asking twice does no harm, so more is tried again than for a write."""
        if seen.transport is not Transport.ANSWERED or known(seen, self._rules) in _AGAIN:
            return True
        said = reaction(seen, self._rules)
        return said is Reaction.UNKNOWN and (listed(seen, self._rules) or (seen.status or 0) >= _SERVER_FAULT)

    def _authorised(self, call: Call, may_write: MayWrite | None = None) -> Reply:
        """The same content again with new grants, and again by the portal's own clock, each once. Raises AuthError, NotYet."""
        tried: set[Reaction] = set()
        while True:
            granted = self._grants.current()
            made = self.maker.make(call, granted)
            reply, learned = self._exchange(made, may_write)
            said = self._said(reply.seen)
            self._grants.refused(granted if said is Reaction.AUTH else {})
            if said not in {Reaction.AUTH, Reaction.CLOCK}:
                return self._opened(reply, granted)
            helps = learned if said is Reaction.CLOCK else bool(granted)
            if said in tried or not helps:
                raise AuthError(_turned_away(said, reply))
            tried.add(said)

    def _opened(self, reply: Reply, granted: Mapping[str, str]) -> Reply:
        """With what lies sealed in the answer beside it; what cannot be opened is missing, as any field may be."""
        sealing, document = self.dialect.sealing, reply.document
        sealed = text(at(document, sealing.answer_at)) if sealing and sealing.answer_at else ""
        if not sealed or sealing is None or not isinstance(document, dict):
            return reply
        try:
            plain = self.maker.lock(sealing, granted).open(sealed)
        except SchemaDrift:
            return reply
        return replace(reply, document={**document, "opened": decoded(plain, self.dialect.answer)})

    def _fetch_grant(self, made: Made) -> Reply:
        reply, learned = self._exchange(made)
        if learned and self._said(reply.seen) is Reaction.CLOCK:
            raise NotYet(reply, Outcome.NOT_SENT)
        if known(reply.seen, self._rules) is Outcome.ACCEPTED:
            return reply
        if self._may_pass(reply.seen) and self._said(reply.seen) not in {Reaction.AUTH, Reaction.CLOCK}:
            raise self._not_yet(reply, Outcome.NOT_SENT)
        raise AuthError(T("The portal does not accept app_id and app_secret ({cause}).", cause=reply.cause))

    def _said(self, seen: Seen) -> Reaction | None:
        return reaction(seen, self._rules) if seen.transport is Transport.ANSWERED else None

    def _exchange(self, made: Made, may_write: MayWrite | None = None) -> tuple[Reply, bool]:
        """The reply, and whether it taught us another time. No request goes out while the gate is shut."""
        self._pass()
        self._gate.take_turn()
        self._pass()  # while one waited for a turn, the portal may have asked another thread for quiet
        monotonic, now = self.ticks.monotonic, self.clock.now()
        reply = exchange(self._clients, self.dialect, made, monotonic, now, may_write=may_write)
        if reply.retry_after_s is not None:
            self._gate.be_quiet(reply.retry_after_s)
        if self._said(reply.seen) is Reaction.CLOSED and reply.retry_after_s is None:
            self._gate.closed = True
        learned = self.clock.learn(reply.date)
        if learned:
            _log.warning("portal.clock_differs", offset_s=round(self.clock.offset_s))
        return reply, learned

    def _pass(self) -> None:
        """Raises NotYet while the gate is shut."""
        shut_s = self._gate.shut_for_s()
        if shut_s > 0:
            held = Reply(Seen(Transport.CONNECT_FAILED), "connect_failed:held_back", retry_after_s=shut_s)
            raise NotYet(held, Outcome.NOT_SENT)


def _turned_away(said: Reaction, reply: Reply) -> Text:
    if said is Reaction.CLOCK:
        return T("The portal does not accept the time of our request ({cause}).", cause=reply.cause)
    return T("The portal does not accept our token or signature ({cause}).", cause=reply.cause)
