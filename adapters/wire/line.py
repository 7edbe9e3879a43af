"""Calls with a token, tried again where nothing can be done twice by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import httpx

from adapters.wire.calls import Call, Reply, exchange
from adapters.wire.token import Credentials, Token
from adapters.wire.waiting import Retries, patiently
from schemas.dialect import Dialect
from schemas.errors import AuthError, SchemaDrift, TransientError
from schemas.outcome import Outcome, Reaction, Seen, Transport, known, reaction
from schemas.texts import T

_AGAIN = frozenset({Outcome.NOT_SENT, Outcome.NOT_PROCESSED})
_SERVER_FAULT = 500


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
    """The way to one portal: its client, its token and the patience of a run."""

    def __init__(
        self,
        dialect: Dialect,
        client: httpx.Client,
        credentials: Credentials,
        retries: Retries,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None],
        another: Callable[[], httpx.Client] | None = None,
    ) -> None:
        self._dialect = dialect
        self._rules = dialect.answer_rules
        self._another = another
        self._idle = [client]
        self._retries = retries
        self._monotonic = monotonic
        self._sleep = sleep
        self._token = Token(dialect.auth, credentials, self._fetch_token, monotonic)
        self._quiet_until = float("-inf")

    def write(self, call: Call) -> Written:
        """An unknown outcome is never tried again. Raises AuthError."""
        retrying = patiently(self._retries, self._monotonic, self._sleep)
        try:
            reply = retrying(self._settled, call)
        except NotYet as last:
            return Written(last.reply, last.outcome, retrying.statistics["attempt_number"])
        outcome = known(reply.seen, self._rules)
        if outcome is not Outcome.UNKNOWN:
            self._retries.pay_back()
        return Written(reply, outcome, retrying.statistics["attempt_number"])

    def read(self, call: Call) -> object:
        """The document of a successful answer. Raises TransientError, AuthError, SchemaDrift."""
        document = patiently(self._retries, self._monotonic, self._sleep)(self._readable, call)
        self._retries.pay_back()
        return document

    def _settled(self, call: Call) -> Reply:
        reply = self._authorised(call)
        outcome = known(reply.seen, self._rules)
        if outcome in _AGAIN:
            raise NotYet(reply, outcome)
        return reply

    def _readable(self, call: Call) -> object:
        reply = self._authorised(call)
        if self._may_pass(reply.seen):
            raise NotYet(reply, Outcome.NOT_PROCESSED)
        if known(reply.seen, self._rules) is not Outcome.ACCEPTED:
            raise SchemaDrift(
                T("The portal answered {path} with {cause}, no success.", path=call.path, cause=reply.cause)
            )
        return reply.document

    def _may_pass(self, seen: Seen) -> bool:
        """Whether reading again may help: asking twice does no harm, so more is tried again than for a write."""
        if seen.transport is not Transport.ANSWERED or known(seen, self._rules) in _AGAIN:
            return True
        said = reaction(seen, self._rules)
        listed = any(rule.matches(seen) for rule in self._rules)
        return said is Reaction.UNKNOWN and (listed or (seen.status or 0) >= _SERVER_FAULT)

    def _authorised(self, call: Call) -> Reply:
        """The same bytes again with a new token, once. Raises AuthError, NotYet."""
        for _ in range(2):
            token = self._token.current()
            reply = self._exchange(call, self._token.header(token))
            if not self._unauthorised(reply.seen):
                return reply
            self._token.refused(token)
        raise AuthError(T("The portal does not accept our token ({cause}).", cause=reply.cause))

    def _fetch_token(self, call: Call) -> Reply:
        reply = self._exchange(call, {})
        if known(reply.seen, self._rules) is Outcome.ACCEPTED:
            return reply
        if self._may_pass(reply.seen) and not self._unauthorised(reply.seen):
            raise NotYet(reply, Outcome.NOT_SENT)
        raise AuthError(T("The portal does not accept app_id and app_secret ({cause}).", cause=reply.cause))

    def _unauthorised(self, seen: Seen) -> bool:
        return seen.transport is Transport.ANSWERED and reaction(seen, self._rules) is Reaction.AUTH

    def _exchange(self, call: Call, headers: Mapping[str, str]) -> Reply:
        """No request goes out before the moment the portal last asked us to wait for."""
        quiet_s = self._quiet_until - self._monotonic()
        if quiet_s > 0:
            held = Reply(Seen(Transport.CONNECT_FAILED), "connect_failed:held_back", retry_after_s=quiet_s)
            raise NotYet(held, Outcome.NOT_SENT)
        client = self._idle.pop() if self._idle or self._another is None else self._another()
        try:
            reply = exchange(client, self._dialect, call, headers, self._monotonic)
        finally:
            self._idle.append(client)
        if reply.retry_after_s is not None:
            self._quiet_until = self._monotonic() + reply.retry_after_s
        return reply
